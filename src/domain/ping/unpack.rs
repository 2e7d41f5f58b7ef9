//! Packed bodies, unpacked within bounds: a kilobyte may claim to be a gigabyte.

use std::io::Read;

/// The most that a packed body may become: twice what the largest honest envelope of an SDK has.
const UNPACKED_BYTES_MAX: usize = 10 * 1024 * 1024;
/// How many times its size a packed body may become; text packs ten to one, a bomb a thousand to one.
const RATIO_MAX: usize = 100;
/// Below this the ratio means nothing: an empty log of blanks packs better than any bomb.
const RATIO_FROM_BYTES: usize = 64 * 1024;

/// What became of a packed body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Unpacked {
    /// It was not packed, or in a way we do not know: take it as it is.
    AsItIs,
    /// This was in it.
    Whole(Vec<u8>),
    /// It is broken, or more than any client sends; this much of it could be read. The ping still
    /// counts: a failure is not lost because of its body.
    Cut(Vec<u8>),
}

/// Undoes a `Content-Encoding`.
pub(crate) fn unpack(encoding: &str, packed: &[u8]) -> Unpacked {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => bounded(flate2::read::MultiGzDecoder::new(packed), packed.len()),
        // The standard says zlib, some clients mean the bare stream.
        "deflate" if packed.first().is_some_and(|byte| byte & 0x0f == 8) => {
            bounded(flate2::read::ZlibDecoder::new(packed), packed.len())
        }
        "deflate" => bounded(flate2::read::DeflateDecoder::new(packed), packed.len()),
        "br" => bounded(brotli_decompressor::Decompressor::new(packed, 4096), packed.len()),
        _ => Unpacked::AsItIs,
    }
}

fn bounded(mut from: impl Read, packed_bytes: usize) -> Unpacked {
    let most = packed_bytes.saturating_mul(RATIO_MAX).clamp(RATIO_FROM_BYTES, UNPACKED_BYTES_MAX);
    let (mut plain, mut chunk) = (Vec::new(), [0u8; 8192]);
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return Unpacked::Whole(plain),
            Ok(count) if plain.len() + count <= most => plain.extend_from_slice(&chunk[..count]),
            Ok(count) => {
                plain.extend_from_slice(&chunk[..count.min(most - plain.len())]);
                return Unpacked::Cut(plain);
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Unpacked::Cut(plain),
        }
    }
}
