//! The frame in which a Zabbix server's trapper speaks: `ZBXD`, a flag, two lengths, JSON.

use serde_json::Value;

/// The bytes before the JSON.
pub(crate) const HEADER_BYTES: usize = 13;

/// The longest answer taken; a trapper's is one line.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A frame with this in it.
pub(crate) fn frame(content: &Value) -> Vec<u8> {
    let content = content.to_string();
    let mut bytes = b"ZBXD\x01".to_vec();
    bytes.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(&0u32.to_le_bytes());
    bytes.extend_from_slice(content.as_bytes());
    bytes
}

/// How long the content of an answer is, from its header.
pub(crate) fn content_bytes(header: &[u8; HEADER_BYTES]) -> Result<usize, String> {
    if &header[..5] != b"ZBXD\x01" {
        return Err("the answer is not that of a Zabbix trapper".to_owned());
    }
    let length = u32::from_le_bytes([header[5], header[6], header[7], header[8]]) as usize;
    if length > ANSWER_BYTES_MAX {
        return Err(format!("the answer is longer than {ANSWER_BYTES_MAX} bytes"));
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::{HEADER_BYTES, content_bytes, frame};

    #[test]
    fn a_frame_says_how_long_it_is() {
        let bytes = frame(&serde_json::json!({"request": "sender data", "data": []}));
        let header: [u8; HEADER_BYTES] = bytes[..HEADER_BYTES].try_into().expect("a header");
        assert_eq!(content_bytes(&header), Ok(bytes.len() - HEADER_BYTES));
        assert_eq!(&bytes[..5], b"ZBXD\x01");
        let mut other = header;
        other[0] = b'H';
        assert!(content_bytes(&other).is_err());
        other = header;
        other[8] = 0xff;
        assert!(content_bytes(&other).is_err());
    }
}
