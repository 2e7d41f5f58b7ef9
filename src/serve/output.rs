//! What a job printed, as the store keeps it: packed where that pays.

use std::io::Read;
use std::sync::{Mutex, PoisonError};

use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};

use super::body::{HEAD_BYTES_MAX, TAIL_BYTES_MAX};

/// Below this length packing saves less than it costs.
const PACKED_BYTES_MIN: usize = 2 * 1024;

/// Nothing that was packed here is longer; whoever wrote more into the store gets this much back.
const PLAIN_BYTES_MAX: u64 = (HEAD_BYTES_MAX + TAIL_BYTES_MAX + 1024) as u64;

/// The first byte of what is kept: as it is.
const PLAIN: u8 = 0;

/// The first byte of what is kept: deflated.
const DEFLATED: u8 = 1;

/// Packers that are kept for the next output: as many as there may be threads that pack.
const PACKERS_MAX: usize = 8;

/// Packs output for the store.
///
/// A packer is a third of a megabyte; making one for every ping costs more than the packing itself, so
/// they are kept.
#[derive(Default)]
pub(crate) struct Packers(Mutex<Vec<Compress>>);

impl Packers {
    /// The bytes as the store keeps them.
    pub(crate) fn pack(&self, plain: &[u8]) -> Vec<u8> {
        let packed = if plain.len() < PACKED_BYTES_MIN { None } else { self.deflated(plain) };
        packed.unwrap_or_else(|| [&[PLAIN], plain].concat())
    }

    fn deflated(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = kept().pop();
        let mut packer = own.unwrap_or_else(|| Compress::new(Compression::fast(), false));
        // Room for as much as the plain bytes take: what does not fit is not worth packing.
        let mut packed = Vec::with_capacity(plain.len());
        packed.push(DEFLATED);
        let status = packer.compress_vec(plain, &mut packed, FlushCompress::Finish);
        packer.reset();
        let mut kept = kept();
        if kept.len() < PACKERS_MAX {
            kept.push(packer);
        }
        matches!(status, Ok(Status::StreamEnd)).then_some(packed)
    }
}

/// Unpacks what [`Packers`] made. What is damaged gives as much as can be read.
pub(crate) fn unpack(kept: &[u8]) -> Vec<u8> {
    match kept.split_first() {
        Some((&DEFLATED, packed)) => {
            let mut plain = Vec::new();
            let _ = DeflateDecoder::new(packed).take(PLAIN_BYTES_MAX).read_to_end(&mut plain);
            plain
        }
        Some((_, plain)) => plain.to_vec(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Packers, unpack};

    #[test]
    fn what_is_packed_comes_back() {
        let packers = Packers::default();
        let noise = (0..100_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8);
        for plain in [b"".to_vec(), b"ok\n".to_vec(), vec![b'x'; 100_000], noise.collect()] {
            for _ in 0..3 {
                let packed = packers.pack(&plain);
                assert_eq!(unpack(&packed), plain);
                assert!(packed.len() <= plain.len() + 1);
            }
        }
        assert_eq!(unpack(b""), b"");
        assert_eq!(unpack(&[1, 255, 255]), b"");
    }
}
