//! Which names say that their value is secret: `PGPASSWORD`, `api-key`, `X-Auth-Token`.
//!
//! A name is compared without case and without `_`, `-` and `.`, and by its end, because the end is the noun: `DB_PASSWORD` is
//! a password and `PASSWORD_FILE` is a file. Plurals are left out on purpose, for `tokens: 12` is a count.

/// How much of a value a name claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// One word, or a quoted text.
    Word,
    /// Everything up to the end of the line, since the value may have blanks.
    Line,
    /// One word, but only after `=`: before a colon the name is ordinary, as in `pass: 12`.
    Assigned,
    /// One word, but only in the query of a URL: elsewhere the name is ordinary, as in `key=5`.
    Query,
}

/// A longer name is none that anybody wrote.
pub(super) const NAME_BYTES_MAX: usize = 80;

/// Ends of names whose value reaches to the end of the line.
const LINE_ENDS: [&str; 5] = ["authorization", "passphrase", "cookie", "proxyauth", "motdepasse"];
/// Ends of names whose value is one word.
const WORD_ENDS: [&str; 24] = [
    "password",
    "passwd",
    "passwort",
    "kennwort",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
    "accountkey",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "pingkey",
    "accesskeyid",
    "licensekey",
    "licencekey",
    "requirepass",
    "sshpass",
    "userpass",
    "passcode",
];
/// Last parts of names that are secret only after `=`.
const ASSIGNED_PARTS: [&str; 4] = ["pass", "pw", "signature", "psk"];
/// Whole names that are secret only in a query.
const QUERY_NAMES: [&str; 5] = ["key", "sig", "auth", "credential", "code"];

/// Beginnings that turn the meaning around: after `--no-password` stands no password.
const NEGATIONS: [&str; 5] = ["no-", "no_", "ask-", "skip-", "without-"];

/// What a name claims, or `None` for an ordinary one. `names::claim(b"RESTIC_PASSWORD")` is a word.
pub(super) fn claim(name: &[u8]) -> Option<Claim> {
    let bare = &name[name.iter().take_while(|byte| **byte == b'-').count()..];
    if name.len() > NAME_BYTES_MAX || NEGATIONS.iter().any(|no| bare.starts_with(no.as_bytes())) {
        return None;
    }
    let (mut plain, mut length) = ([0_u8; NAME_BYTES_MAX], 0);
    for byte in name.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
        plain[length] = byte.to_ascii_lowercase();
        length += 1;
    }
    let plain = &plain[..length];
    let last_part = name.rsplit(|byte| matches!(byte, b'_' | b'-' | b'.')).next().unwrap_or(name);
    if LINE_ENDS.iter().any(|end| plain.ends_with(end.as_bytes())) {
        Some(Claim::Line)
    } else if WORD_ENDS.iter().any(|end| plain.ends_with(end.as_bytes())) {
        Some(Claim::Word)
    } else if ASSIGNED_PARTS.iter().any(|part| last_part.eq_ignore_ascii_case(part.as_bytes())) {
        Some(Claim::Assigned)
    } else if QUERY_NAMES.iter().any(|whole| plain == whole.as_bytes()) {
        Some(Claim::Query)
    } else {
        None
    }
}

/// Whether a byte can be part of a name.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Whether a value can be seen not to be secret: nothing, one character, a yes or no, or, after a colon, the beginning of
/// a message such as `token: expired`. The answer of MySQL, `(using password: YES)`, must stay readable.
pub(super) fn is_ordinary(value: &[u8], after_colon: bool) -> bool {
    const ANSWERS: [&str; 8] = ["yes", "no", "true", "false", "null", "none", "nil", "undefined"];
    const MESSAGES: [&str; 13] = [
        "ok",
        "not",
        "expired",
        "invalid",
        "incorrect",
        "required",
        "missing",
        "wrong",
        "empty",
        "unset",
        "denied",
        "unknown",
        "must",
    ];
    let end = value
        .iter()
        .rposition(|byte| !matches!(byte, b')' | b'.' | b',' | b'}' | b']' | b':' | b'!'));
    let word = &value[..end.map_or(0, |end| end + 1)];
    let among =
        |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
    value.len() < 2 || among(&ANSWERS) || (after_colon && among(&MESSAGES))
}
