//! Keys and passwords: how they are made, what is kept of them, how they are compared.
//!
//! A key is 128 bits and more from the operating system, so its SHA-256 is kept and looked up: whoever
//! reads the store cannot use it, and a look-up by hash tells an attacker's clock nothing. A password is
//! chosen by people, so it goes through PBKDF2.

use std::num::NonZeroU32;

use ring::rand::SecureRandom;

use crate::domain::{hex, text};
use crate::store::projects::Key;

/// Rounds for a password: what OWASP asks for of PBKDF2 with SHA-256.
const PASSWORD_ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).expect("it is not zero");

/// Characters of a key: those that need no quoting in a URL, a shell or a header.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// Telling of events, and nothing else.
    Ping,
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
    /// Everything, keys included: the person in front of the web page, or a key of theirs.
    Admin,
}

impl KeyKind {
    /// The word in the store.
    pub(crate) fn word(self) -> &'static str {
        match self {
            KeyKind::Ping => "ping",
            KeyKind::Read => "read",
            KeyKind::Write => "write",
            KeyKind::Admin => "admin",
        }
    }

    /// Reads the word.
    pub(crate) fn parse(word: &str) -> Option<KeyKind> {
        match word {
            "ping" => Some(KeyKind::Ping),
            "read" => Some(KeyKind::Read),
            "write" => Some(KeyKind::Write),
            "admin" => Some(KeyKind::Admin),
            _ => None,
        }
    }

    /// Whether it may read.
    pub(crate) fn reads(self) -> bool {
        matches!(self, KeyKind::Read | KeyKind::Write | KeyKind::Admin)
    }

    /// Whether it may change monitors, channels and incidents.
    pub(crate) fn writes(self) -> bool {
        matches!(self, KeyKind::Write | KeyKind::Admin)
    }

    /// Makes a key of this kind. API keys are 32 characters, because Healthchecks' clients count
    /// them, and begin with a mark that scanners for leaked secrets can know. A ping key is as long
    /// as Healthchecks' own.
    pub(crate) fn mint(self) -> Result<String, String> {
        Ok(match self {
            KeyKind::Ping => letters(22)?,
            KeyKind::Read => format!("hbr_{}", letters(28)?),
            KeyKind::Write => format!("hbw_{}", letters(28)?),
            KeyKind::Admin => format!("hba_{}", letters(28)?),
        })
    }
}

/// Random letters; an operating system that has no randomness gets no keys.
fn letters(count: usize) -> Result<String, String> {
    let mut bytes = vec![0u8; count];
    ring::rand::SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| "the operating system gives no random bytes".to_owned())?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 63)])).collect())
}

/// A password for a person who wants none of their own.
pub(crate) fn password() -> Result<String, String> {
    letters(24)
}

/// A new UUID that nobody can guess: what a ping URL is made of.
pub(crate) fn uuid() -> Result<String, String> {
    let mut bytes = [0u8; 16];
    ring::rand::SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| "the operating system gives no random bytes".to_owned())?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string())
}

/// What is kept of a key.
pub(crate) fn hash(key: &str) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, key.as_bytes()).as_ref())
}

/// Whether two hashes are the same, in a time that says nothing about where they differ.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    let pairs = one.bytes().zip(other.bytes());
    one.len() == other.len() && pairs.fold(0, |seen, (one, other)| seen | (one ^ other)) == 0
}

/// The signature of a text, 64 hexadecimal digits.
pub(crate) fn sign(secret: &str, text: &str) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    hex::encode(ring::hmac::sign(&key, text.as_bytes()).as_ref())
}

/// A secret that the receiver keeps for itself.
pub(crate) fn own() -> Result<String, String> {
    letters(32)
}

/// What is kept of a password: rounds, salt and result.
pub(crate) fn hash_password(password: &str) -> Result<String, String> {
    let salt = letters(16)?;
    Ok(format!("pbkdf2${PASSWORD_ROUNDS}${salt}${}", hex::encode(&derived(password, &salt))))
}

/// Whether it stands for the password and not for a key: of a password not even its beginning is kept.
pub(crate) fn is_of_password(key: &Key) -> bool {
    key.about.kind == KeyKind::Admin.word() && key.about.prefix.is_empty()
}

/// Whether a password is the one that this was made of.
pub(crate) fn is_password(kept: &str, password: &str) -> bool {
    let mut parts = kept.split('$').skip(1);
    let rounds = parts.next().and_then(|rounds| rounds.parse().ok());
    let (Some(rounds), Some(salt), Some(result)) = (rounds, parts.next(), parts.next()) else {
        return false;
    };
    let expected: Option<Vec<u8>> = (0..result.len() / 2)
        .map(|at| u8::from_str_radix(result.get(2 * at..2 * at + 2)?, 16).ok())
        .collect();
    let algorithm = ring::pbkdf2::PBKDF2_HMAC_SHA256;
    let (salt, password) = (salt.as_bytes(), password.as_bytes());
    expected.is_some_and(|expected| {
        ring::pbkdf2::verify(algorithm, rounds, salt, password, &expected).is_ok()
    })
}

fn derived(password: &str, salt: &str) -> [u8; 32] {
    let mut out = [0u8; 32];
    let algorithm = ring::pbkdf2::PBKDF2_HMAC_SHA256;
    ring::pbkdf2::derive(
        algorithm,
        PASSWORD_ROUNDS,
        salt.as_bytes(),
        password.as_bytes(),
        &mut out,
    );
    out
}

/// A key as a person may see it again: enough to tell two apart.
pub(crate) fn mark(key: &str) -> String {
    let shown: String = text::excerpt(key.as_bytes()).chars().take(8).collect();
    format!("{shown}…")
}

#[cfg(test)]
mod tests {
    use super::{KeyKind, hash, mark};

    #[test]
    fn keys_are_long_different_and_safe_anywhere() {
        for kind in [KeyKind::Ping, KeyKind::Read, KeyKind::Write, KeyKind::Admin] {
            let keys: std::collections::BTreeSet<String> =
                (0..1000).map(|_| kind.mint().expect("randomness")).collect();
            assert_eq!(keys.len(), 1000);
            assert!(keys.iter().all(|key| {
                key.len() >= 22
                    && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            }));
            assert_eq!(KeyKind::parse(kind.word()), Some(kind));
        }
        assert_eq!(KeyKind::Write.mint().expect("randomness").len(), 32);
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(mark("hbw_secretsecret"), "hbw_secr…");
    }

    #[test]
    fn hashes_are_the_same_in_all_or_not() {
        let one = hash("one");
        assert!(super::is_same(&one, &one.clone()) && super::is_same("", ""));
        for other in [hash("two"), one[1..].to_owned(), String::new(), format!("{one}0")] {
            assert!(!super::is_same(&one, &other));
        }
    }

    #[test]
    fn a_password_is_known_again_and_no_other() {
        let kept = super::hash_password("correct horse").expect("randomness");
        assert!(super::is_password(&kept, "correct horse"));
        assert!(!super::is_password(&kept, "correct horsf"));
        for broken in ["", "pbkdf2", "pbkdf2$0$a$00", "pbkdf2$x$a$00", "pbkdf2$1$a$zz", "a$1$b$ä€"]
        {
            assert!(!super::is_password(broken, "correct horse"), "{broken}");
        }
    }
}
