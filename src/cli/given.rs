//! Files that a person names on the command line; `-` is stdin.

use std::path::Path;

use serde_json::{Map, Value};

use super::receiver::Failed;
use crate::domain::text;
use crate::sys::files;

/// What stands in it, and its name as it is shown.
fn bytes_of(path: &Path, bytes_max: u64) -> Result<(Vec<u8>, String), Failed> {
    let shown = text::excerpt(path.as_os_str().as_encoded_bytes());
    let read = match path.to_str() {
        Some("-") => files::read_bounded(std::io::stdin().lock(), bytes_max),
        _ => files::open_given(path).and_then(|file| files::read_bounded(file, bytes_max)),
    };
    match read {
        Ok(bytes) => Ok((bytes, shown)),
        Err(error) => {
            let why = text::without_errno(&error.to_string()).to_string();
            Err(Failed::usage(format!("cannot read `{shown}`: {why}")))
        }
    }
}

/// Its text.
pub(super) fn text_of(path: &Path) -> Result<String, Failed> {
    text_within(path, files::GIVEN_FILE_BYTES_MAX)
}

/// The text of one that goes to the receiver as a whole.
pub(super) fn sent_text_of(path: &Path) -> Result<String, Failed> {
    text_within(path, files::SENT_FILE_BYTES_MAX)
}

fn text_within(path: &Path, bytes_max: u64) -> Result<String, Failed> {
    let (bytes, shown) = bytes_of(path, bytes_max)?;
    String::from_utf8(bytes).map_err(|_| Failed::usage(format!("`{shown}` is no UTF-8 text")))
}

/// The JSON object in it.
pub(super) fn object_of(path: &Path) -> Result<Map<String, Value>, Failed> {
    let (bytes, shown) = bytes_of(path, files::GIVEN_FILE_BYTES_MAX)?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => {
            Err(Failed::usage(format!("`{shown}` holds no JSON object, as in `{{\"grace\": 60}}`")))
        }
        // The words may hold a secret, and the place is enough to find it.
        Err(error) => Err(Failed::usage(format!(
            "`{shown}` is no JSON: line {}, column {}",
            error.line(),
            error.column()
        ))),
    }
}
