//! Names with stars: `db-*` means every name that begins with `db-`.

/// Whether a text fits a pattern, in which `*` stands for any letters, also for none.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    // Each part in between is taken where it comes first: that leaves the most for the others.
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    /// The same, letter by letter.
    fn slowly(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', later)), _) => {
                slowly(later, text) || (!text.is_empty() && slowly(pattern, &text[1..]))
            }
            (Some((wanted, later)), Some((found, others))) => {
                wanted == found && slowly(later, others)
            }
            _ => false,
        }
    }

    #[test]
    fn every_short_pattern_and_text_agree_with_the_slow_way() {
        let words = |letters: &[u8], long: u32| -> Vec<String> {
            (0..=long)
                .flat_map(|length| {
                    let count = letters.len();
                    (0..count.pow(length)).map(move |number| (length, number))
                })
                .map(|(length, number)| {
                    let mut number = number;
                    (0..length)
                        .map(|_| {
                            let letter = letters[number % letters.len()];
                            number /= letters.len();
                            char::from(letter)
                        })
                        .collect()
                })
                .collect()
        };
        let texts = words(b"ab", 5);
        for pattern in words(b"ab*", 5) {
            for text in &texts {
                let slow = slowly(pattern.as_bytes(), text.as_bytes());
                assert_eq!(fits(&pattern, text), slow, "{pattern} {text}");
            }
        }
    }
}
