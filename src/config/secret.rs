//! Keys and other values that must never be seen, and where they come from.
//!
//! A configuration names a secret instead of holding it: `file:/etc/hb/key`, `env:NAME`, or
//! `cred:NAME` for what systemd puts in `$CREDENTIALS_DIRECTORY`. Any other text is the secret
//! itself. It is fetched only when a ping is about to be sent, never before the job starts.
//!
//! Nothing here says a value, not even part of one: errors name the place and the reason,
//! and both types print as `****`.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// More than any key in use; a larger file is a wrong path.
pub(crate) const SECRET_BYTES_MAX: usize = 4096;

/// A value that prints as `****`. It is never empty and holds no control characters, so it
/// can be put in a header as it is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

/// Where a secret is to be fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretSource {
    /// A file with the secret as its only content.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// A credential that systemd handed to the unit.
    Credential(String),
    /// The secret itself.
    Literal(Secret),
}

/// A secret's file as the caller read it.
pub(crate) struct SecretFile {
    /// At most a little more than `SECRET_BYTES_MAX` bytes.
    pub(crate) bytes: Vec<u8>,
    /// The permission bits.
    pub(crate) mode: u32,
}

/// A secret that was fetched, and what is not quite right about the place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The secret.
    pub(crate) secret: Secret,
    /// A sentence for people, where others can read the file.
    pub(crate) warning: Option<String>,
}

/// Why there is no secret: the place, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretError {
    place: String,
    reason: String,
}

impl Secret {
    /// Takes a value, without the line break at its end, or says why it is none.
    pub(crate) fn new(value: &str) -> Result<Self, &'static str> {
        let value = value.strip_suffix('\n').unwrap_or(value);
        let value = value.strip_suffix('\r').unwrap_or(value);
        if value.trim().is_empty() {
            return Err("it is empty");
        }
        if value.len() > SECRET_BYTES_MAX {
            return Err("it is larger than 4096 bytes");
        }
        if value.chars().any(char::is_control) {
            return Err("it holds a line break or another control character");
        }
        Ok(Self(value.to_owned()))
    }

    /// The value, to be put in a request and nowhere else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("****")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("****")
    }
}

impl SecretSource {
    /// Reads what a person wrote. The reason of a refusal never repeats the text.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(path) = text.strip_prefix("file:") {
            // A job's working directory is not the one in which the file was written.
            let path = Path::new(path);
            return match path.is_absolute() {
                true => Ok(Self::File(path.to_owned())),
                false => Err("the path after `file:` must be absolute"),
            };
        }
        if let Some(name) = text.strip_prefix("env:") {
            return match name.is_empty() || name.contains(['=', '\0']) {
                true => Err("`env:` needs the name of a variable"),
                false => Ok(Self::Env(name.to_owned())),
            };
        }
        if let Some(name) = text.strip_prefix("cred:") {
            return match name.is_empty()
                || name.contains(['/', '\0'])
                || name == ".."
                || name == "."
            {
                true => Err("`cred:` needs the name of a credential"),
                false => Ok(Self::Credential(name.to_owned())),
            };
        }
        Secret::new(text).map(Self::Literal)
    }

    /// Fetches the secret. `read` opens a file and answers with its bytes or a plain reason.
    pub(crate) fn resolve(
        &self,
        env: impl Fn(&str) -> Option<OsString>,
        read: impl Fn(&Path) -> Result<SecretFile, String>,
    ) -> Result<Resolved, SecretError> {
        match self {
            Self::Literal(secret) => Ok(Resolved { secret: secret.clone(), warning: None }),
            Self::Env(name) => {
                let place = format!("environment variable `{name}`");
                let value = env(name).ok_or_else(|| SecretError::new(&place, "it is not set"))?;
                let secret = settle(value.into_encoded_bytes(), &place)?;
                Ok(Resolved { secret, warning: None })
            }
            Self::File(path) => {
                let place = format!("file `{}`", path.display());
                let file = read(path).map_err(|reason| SecretError::new(&place, reason))?;
                let others = file.mode & 0o077 != 0;
                let secret = settle(file.bytes, &place)?;
                let warning = others.then(|| {
                    let path = path.display();
                    format!("other users can reach the key in `{path}`: run chmod 600 {path}")
                });
                Ok(Resolved { secret, warning })
            }
            Self::Credential(name) => {
                let place = format!("credential `{name}`");
                let directory = env("CREDENTIALS_DIRECTORY").filter(|text| !text.is_empty());
                let unset = "`CREDENTIALS_DIRECTORY` is not set; is this a systemd unit with LoadCredential=?";
                let directory = directory.ok_or_else(|| SecretError::new(&place, unset))?;
                // The service manager made this directory private, so its modes say nothing.
                let path = Path::new(&directory).join(name);
                let file = read(&path).map_err(|reason| SecretError::new(&place, reason))?;
                Ok(Resolved { secret: settle(file.bytes, &place)?, warning: None })
            }
        }
    }
}

/// Bytes from outside become a secret, or the reason why not.
fn settle(bytes: Vec<u8>, place: &str) -> Result<Secret, SecretError> {
    let text = String::from_utf8(bytes).map_err(|_| SecretError::new(place, "it is not UTF-8"))?;
    Secret::new(&text).map_err(|reason| SecretError::new(place, reason))
}

impl SecretError {
    fn new(place: &str, reason: impl Into<String>) -> Self {
        Self { place: place.to_owned(), reason: reason.into() }
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "cannot read the key from {}: {}", self.place, self.reason)
    }
}

impl std::error::Error for SecretError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_where_the_secret_is() {
        let literal = |text| SecretSource::Literal(Secret::new(text).unwrap());
        let cases = [
            ("file:/etc/key", Ok(SecretSource::File("/etc/key".into()))),
            ("env:HB_KEY", Ok(SecretSource::Env("HB_KEY".to_owned()))),
            ("cred:ping", Ok(SecretSource::Credential("ping".to_owned()))),
            ("s3cret", Ok(literal("s3cret"))),
            ("File:/etc/key", Ok(literal("File:/etc/key"))),
            ("file:key", Err("the path after `file:` must be absolute")),
            ("file:", Err("the path after `file:` must be absolute")),
            ("env:", Err("`env:` needs the name of a variable")),
            ("env:A=B", Err("`env:` needs the name of a variable")),
            ("cred:../x", Err("`cred:` needs the name of a credential")),
            ("cred:..", Err("`cred:` needs the name of a credential")),
            ("", Err("it is empty")),
            ("  ", Err("it is empty")),
            ("a\nb", Err("it holds a line break or another control character")),
        ];
        for (text, expected) in cases {
            assert_eq!(SecretSource::parse(text), expected, "{text:?}");
        }
    }

    /// The outcome of one source in a small world, as text; the secret is shown in brackets.
    fn outcome(source: &str) -> String {
        let env = |name: &str| match name {
            "SET" => Some(OsString::from("value")),
            "EMPTY" => Some(OsString::new()),
            "CREDENTIALS_DIRECTORY" => Some(OsString::from("/run/cred")),
            _ => None,
        };
        let read = |path: &Path| {
            let (bytes, mode): (&[u8], u32) = match path.to_str().unwrap() {
                "/private" => (b"value\n", 0o600),
                "/open" => (b"value\r\n", 0o640),
                "/run/cred/ping" => (b"value", 0o444),
                "/empty" => (b"\n", 0o600),
                "/two" => (b"value\nvalue\n", 0o600),
                "/binary" => (b"\xff\xfe", 0o600),
                "/large" => (&[b'x'; SECRET_BYTES_MAX + 2], 0o600),
                _ => return Err("permission denied".to_owned()),
            };
            Ok(SecretFile { bytes: bytes.to_vec(), mode })
        };
        match SecretSource::parse(source).unwrap().resolve(env, read) {
            Ok(Resolved { secret, warning: None }) => format!("[{}]", secret.expose()),
            Ok(Resolved { secret, warning: Some(text) }) => format!("[{}] {text}", secret.expose()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_secret_is_fetched_or_the_place_and_reason_are_named() {
        let check = |source, expected: &str| {
            assert_eq!(outcome(source), expected.replace("NO: ", "cannot read the key from "));
        };
        check("value", "[value]");
        check("env:SET", "[value]");
        check("env:UNSET", "NO: environment variable `UNSET`: it is not set");
        check("env:EMPTY", "NO: environment variable `EMPTY`: it is empty");
        check("file:/private", "[value]");
        check(
            "file:/open",
            "[value] other users can reach the key in `/open`: run chmod 600 /open",
        );
        check("cred:ping", "[value]");
        check("cred:pong", "NO: credential `pong`: permission denied");
        check("file:/gone", "NO: file `/gone`: permission denied");
        check("file:/empty", "NO: file `/empty`: it is empty");
        check("file:/binary", "NO: file `/binary`: it is not UTF-8");
        check("file:/large", "NO: file `/large`: it is larger than 4096 bytes");
        let control = "NO: file `/two`: it holds a line break or another control character";
        check("file:/two", control);
    }

    #[test]
    fn a_credential_needs_systemds_directory() {
        let source = SecretSource::Credential("ping".to_owned());
        let error = source.resolve(|_| None, |_| Err(String::new())).unwrap_err();
        let expected = "cannot read the key from credential `ping`: `CREDENTIALS_DIRECTORY` is not \
                        set; is this a systemd unit with LoadCredential=?";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn nothing_prints_a_secret() {
        let secret = Secret::new("hunter2").unwrap();
        assert_eq!(format!("{secret} {secret:?}"), "**** ****");
        let source = SecretSource::Literal(secret.clone());
        assert_eq!(format!("{source:?}"), "Literal(****)");
        let resolved = Resolved { secret, warning: None };
        assert_eq!(format!("{resolved:?}"), "Resolved { secret: ****, warning: None }");
    }
}
