//! NSCA, Nagios's passive checks: one packet of 4304 bytes, made for what the server said first.
//!
//! The server opens with 128 bytes of noise and its clock. The packet carries that clock, a CRC-32
//! over itself, and is obscured with the noise and the password (method 1) or not at all (method 0).
//! The other methods are old block ciphers; a server that wants one cannot be told from here.
//! Source: the service's `include/common.h` and `src/utils.c`.

/// What the server sends first: the noise, then its clock.
pub(crate) const GREETING_BYTES: usize = 128 + 4;

/// The length of the packet.
pub(crate) const PACKET_BYTES: usize = 4304;

const HOST_AT: usize = 14;
const SERVICE_AT: usize = 78;
const OUTPUT_AT: usize = 206;

/// What is reported; texts are cut where the packet has no more room.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Packet {
    /// The host as Nagios knows it.
    pub(crate) host_name: String,
    /// The service as Nagios knows it.
    pub(crate) svc_description: String,
    /// 0 good, 1 warning, 2 critical, 3 unknown.
    pub(crate) return_code: i64,
    /// One line for people.
    pub(crate) plugin_output: String,
    /// How the packet is obscured.
    pub(crate) encryption: Encryption,
}

/// How a packet is obscured.
#[derive(Clone, PartialEq)]
pub(crate) enum Encryption {
    /// Method 0: not at all.
    None,
    /// Method 1: with the server's noise and this password.
    Xor(String),
}

impl std::fmt::Debug for Encryption {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.number())
    }
}

impl Encryption {
    /// The number of the method, as in the server's configuration.
    pub(crate) fn number(&self) -> u8 {
        match self {
            Encryption::None => 0,
            Encryption::Xor(_) => 1,
        }
    }
}

impl Packet {
    /// The packet as it goes over the wire, for a server that greeted with these bytes.
    pub(crate) fn to_bytes(&self, greeting: &[u8; GREETING_BYTES]) -> Vec<u8> {
        let (noise, clock) = greeting.split_at(128);
        let mut bytes = vec![0u8; PACKET_BYTES];
        bytes[0..2].copy_from_slice(&3u16.to_be_bytes());
        bytes[8..12].copy_from_slice(clock);
        let code = u16::try_from(self.return_code).unwrap_or(3);
        bytes[12..14].copy_from_slice(&code.to_be_bytes());
        put(&mut bytes[HOST_AT..SERVICE_AT], &self.host_name);
        put(&mut bytes[SERVICE_AT..OUTPUT_AT], &self.svc_description);
        put(&mut bytes[OUTPUT_AT..OUTPUT_AT + 4096], &self.plugin_output);
        let crc = crc32(&bytes);
        bytes[4..8].copy_from_slice(&crc.to_be_bytes());
        if let Encryption::Xor(password) = &self.encryption {
            obscure(&mut bytes, noise);
            obscure(&mut bytes, password.as_bytes());
        }
        bytes
    }
}

/// Puts a text in its field, with at least one zero behind it and never half a character.
fn put(field: &mut [u8], text: &str) {
    let text = super::template::head_bytes(text, field.len() - 1);
    field[..text.len()].copy_from_slice(text.as_bytes());
}

fn obscure(bytes: &mut [u8], key: &[u8]) {
    if key.is_empty() {
        return;
    }
    for (byte, mask) in bytes.iter_mut().zip(key.iter().cycle()) {
        *byte ^= mask;
    }
}

/// The CRC-32 of Ethernet and zip.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{Encryption, GREETING_BYTES, PACKET_BYTES, Packet, crc32};
    use crate::domain::hex;

    #[test]
    fn the_packet_is_that_of_the_reference() {
        let mut greeting = [0u8; GREETING_BYTES];
        (0u8..128).for_each(|at| greeting[usize::from(at)] = at);
        greeting[128..].copy_from_slice(&1_795_167_097u32.to_be_bytes());
        let mut packet = Packet {
            host_name: "web1".into(),
            svc_description: "nightly-db".into(),
            return_code: 2,
            plugin_output: "CRIT - exit 2".into(),
            encryption: Encryption::None,
        };
        let sha256 = |packet: &Packet| {
            let bytes = packet.to_bytes(&greeting);
            assert_eq!(bytes.len(), PACKET_BYTES);
            hex::encode(ring::digest::digest(&ring::digest::SHA256, &bytes).as_ref())
        };
        assert_eq!(
            sha256(&packet),
            "c9cc249cdd2b243fc848bf29bcdd515051fe8ce87905b48c70f59225b359abf0"
        );
        packet.encryption = Encryption::Xor("s3cret".into());
        assert_eq!(
            sha256(&packet),
            "276cc5f0cfd1fdaa378a920d73bf4666ee1672df5f6eb8975e8be08e0be427b8"
        );
        assert_eq!(format!("{:?}", packet.encryption), "1");
    }

    #[test]
    fn texts_are_cut_at_a_whole_character() {
        let packet = Packet {
            host_name: "h".repeat(100),
            svc_description: "é".repeat(100),
            return_code: -1,
            plugin_output: "ü".repeat(5000),
            encryption: Encryption::None,
        };
        let bytes = packet.to_bytes(&[0; GREETING_BYTES]);
        let text = |from: usize, to: usize| {
            let field = &bytes[from..to];
            let end = field.iter().position(|byte| *byte == 0).expect("a zero");
            String::from_utf8(field[..end].to_vec()).expect("whole characters")
        };
        assert_eq!(text(14, 78), "h".repeat(63));
        assert_eq!(text(78, 206), "é".repeat(63));
        assert_eq!(text(206, 4302), "ü".repeat(2047));
        assert_eq!(bytes[12..14], [0, 3]);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
