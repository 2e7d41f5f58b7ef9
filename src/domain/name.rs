//! The name of a monitor: `[A-Za-z0-9._-]{1,100}`, and what to call one known only by its URL.
//!
//! A name never becomes a path. Files are named by [`key`], so a name of dots and dashes, or one that
//! differs from another by case alone on a file system that folds it, can do no harm.

/// The longest name of a monitor.
pub(crate) const NAME_BYTES_MAX: usize = 100;

/// Why a text is not a name, in the words of the person who typed it.
pub(crate) fn refuse(name: &str) -> Option<String> {
    let bad = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if name.is_empty() {
        return Some("a monitor needs a name".to_owned());
    }
    if name.len() > NAME_BYTES_MAX {
        return Some(format!("a monitor's name has at most {NAME_BYTES_MAX} characters"));
    }
    if let Some(c) = name.chars().find(|c| bad(*c)) {
        return Some(format!("`{}` cannot stand in a monitor's name", c.escape_debug()));
    }
    if name.starts_with(['-', '.']) {
        return Some("a monitor's name starts with a letter, a digit or `_`".to_owned());
    }
    None
}

/// Makes a slug of a name: `Customer database (nightly)` is `customer-database-nightly`.
pub(crate) fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars() {
        match letter.to_ascii_lowercase() {
            letter if letter.is_ascii_alphanumeric() || letter == '_' || letter == '.' => {
                slug.push(letter);
            }
            _ if !slug.ends_with('-') && !slug.is_empty() => slug.push('-'),
            _ => {}
        }
    }
    let slug: String = slug.trim_end_matches('-').chars().take(NAME_BYTES_MAX).collect();
    if slug.is_empty() { "monitor".to_owned() } else { slug }
}

/// A short fixed name for `text`, safe as a file name: 128 bits of FNV-1a in hex.
///
/// It tells names apart; it does not hide them.
pub(crate) fn key(text: &str) -> String {
    let start: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    let prime: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = text.bytes().fold(start, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(prime));
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::{key, refuse};

    #[test]
    fn names_are_letters_digits_and_three_signs() {
        for name in ["a", "nightly", "db.prod-1_x", &"x".repeat(100), "_", "0"] {
            assert_eq!(refuse(name), None, "{name}");
        }
        for name in ["", "a/b", "../x", ".", "-rf", "a b", "a\n", "ä", "a\0", &"x".repeat(101)] {
            assert!(refuse(name).is_some(), "{name:?}");
        }
    }

    #[test]
    fn keys_differ_and_are_plain() {
        assert_eq!(key(""), "6c62272e07bb014262b821756295c58d");
        assert_ne!(key("nightly"), key("Nightly"));
        assert_eq!(key("nightly").len(), 32);
    }
}
