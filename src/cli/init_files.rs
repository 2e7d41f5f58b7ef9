//! The files of `hb init`: keys as they are given, and files that are never overwritten unasked.

use std::path::Path;

use super::receiver::Failed;
use crate::sys::files;

/// Keys that a person has handed over.
#[derive(Default)]
pub(super) struct GivenKeys {
    /// For pings.
    pub(super) ping: Option<String>,
    /// For the API.
    pub(super) api: Option<String>,
}

impl GivenKeys {
    /// Reads a file with one key, or with the lines of several, as `hb serve` writes them. No key is
    /// ever told.
    pub(super) fn read(file: &Path) -> Result<GivenKeys, Failed> {
        let shown = file.display();
        let bytes = files::read_given(file).map_err(|error| {
            Failed::usage(format!("cannot read the key file `{shown}`: {error}"))
        })?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Failed::usage(format!("the key file `{shown}` is no text")))?;
        let keys = GivenKeys::of(&text);
        if keys.ping.is_none() && keys.api.is_none() {
            return Err(Failed::usage(format!("the key file `{shown}` holds no key")));
        }
        Ok(keys)
    }

    fn of(text: &str) -> GivenKeys {
        let named = |wanted: &str| {
            let mut lines = text.lines().filter_map(|line| line.trim().split_once('='));
            let (_, key) = lines.find(|(name, key)| *name == wanted && !key.trim().is_empty())?;
            Some(key.trim().to_owned())
        };
        let keys = GivenKeys { ping: named("HB_PING_KEY"), api: named("HB_API_KEY") };
        if keys.ping.is_some() || keys.api.is_some() {
            return keys;
        }
        let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let is_key = !first.is_empty() && !first.contains(|c: char| c.is_whitespace() || c == '=');
        let key = is_key.then(|| first.to_owned());
        // Keys of the API say in their first letters what they are for.
        if ["hbw_", "hba_"].iter().any(|start| first.starts_with(start)) {
            GivenKeys { ping: None, api: key }
        } else {
            GivenKeys { ping: key, api: None }
        }
    }
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It was not there.
    New,
    /// It is what it should be.
    Same,
    /// Another one was there.
    Replaced,
    /// Another one is there.
    Other,
}

/// Writes a file that only this user can read, unless another one is there.
pub(super) fn put(file: &Path, text: &str, force: bool) -> Result<Written, Failed> {
    let cannot = |error: std::io::Error| {
        Failed::because(format!("cannot write `{}`: {error}", file.display()))
    };
    if let Ok(facts) = std::fs::symlink_metadata(file) {
        if files::read_given(file).is_ok_and(|bytes| bytes == text.as_bytes()) {
            return Ok(Written::Same);
        }
        if !force {
            return Ok(Written::Other);
        }
        // A link is somebody's own order, and a device is nobody's to take away.
        if !facts.is_file() {
            let why = format!("`{}` is no ordinary file, and stays as it is", file.display());
            return Err(Failed::because(why));
        }
        if file.extension().is_some_and(|extension| extension == "toml") {
            std::fs::rename(file, file.with_extension("toml.old")).map_err(cannot)?;
        }
        files::put_private(file, text.as_bytes()).map_err(cannot)?;
        return Ok(Written::Replaced);
    }
    files::put_private(file, text.as_bytes()).map_err(cannot)?;
    Ok(Written::New)
}

#[cfg(test)]
mod tests {
    use super::GivenKeys;

    #[test]
    fn a_key_file_says_by_its_lines_what_is_in_it() {
        let check = |text: &str, ping: Option<&str>, api: Option<&str>| {
            let keys = GivenKeys::of(text);
            assert_eq!((keys.ping.as_deref(), keys.api.as_deref()), (ping, api), "{text}");
        };
        check("\n  a-ping-key \n", Some("a-ping-key"), None);
        check("hbw_x\n", None, Some("hbw_x"));
        check("hba_x", None, Some("hba_x"));
        check("HB_PING_KEY=p\nHB_API_KEY=hbw_a\nHB_ADMIN_PASSWORD=w\n", Some("p"), Some("hbw_a"));
        check("HB_API_KEY= hbw_a \n", None, Some("hbw_a"));
        check("", None, None);
        check("two words", None, None);
        check("OTHER=x", None, None);
    }
}
