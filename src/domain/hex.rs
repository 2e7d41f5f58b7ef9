//! Bytes as digits: digests and signatures in headers, URLs and the store.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Two digits for each byte, in lower case.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.extend([digit(byte >> 4), digit(byte & 0xf)]);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_byte_has_its_two_digits() {
        let bytes: Vec<u8> = (0..=255).collect();
        let slowly: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(super::encode(&bytes), slowly);
        assert_eq!(super::encode(&[]), "");
    }
}
