//! Base64 (RFC 4648, section 4), for bytes that have to travel in JSON without being text.
//!
//! Also the serde form of such bytes: a plain string where they are UTF-8, else
//! `{"base64": "…"}`. A person reading a record sees the output; nothing is lost when it is binary.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The Base64 text of `bytes`, padded.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = u32::from(group[0]) << 16
            | u32::from(*group.get(1).unwrap_or(&0)) << 8
            | u32::from(*group.get(2).unwrap_or(&0));
        for place in 0..4 {
            let used = place <= group.len();
            let index = (word >> (18 - 6 * place)) & 63;
            text.push(if used { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    text
}

/// The bytes of a Base64 text; none where it is not one.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut word, mut bits) = (0u32, 0);
    for symbol in text {
        let value = ALPHABET.iter().position(|known| known == symbol)?;
        word = word << 6 | u32::try_from(value).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits & 0xff) as u8);
        }
    }
    Some(bytes)
}

/// The two JSON forms of bytes.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    /// The bytes are UTF-8.
    Text(String),
    /// They are not.
    Base64 {
        /// The Base64 text.
        base64: String,
    },
}

/// For `#[serde(serialize_with)]`: bytes as text or Base64.
pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => to.serialize_str(text),
        Err(_) => Form::Base64 { base64: encode(bytes) }.serialize(to),
    }
}

/// For `#[serde(deserialize_with)]`: bytes from either form.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    match Form::deserialize(from)? {
        Form::Text(text) => Ok(text.into_bytes()),
        Form::Base64 { base64 } => {
            decode(&base64).ok_or_else(|| serde::de::Error::custom("not Base64"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn every_length_comes_back() {
        assert_eq!(encode(b"fo"), "Zm8=");
        assert_eq!(encode(b"foobar"), "Zm9vYmFy");
        for length in 0..70u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37) ^ 0xa5).collect();
            assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
        assert_eq!(decode("a-b"), None);
    }
}
