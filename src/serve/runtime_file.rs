//! The word that a receiver leaves for this user's `hb run`: where it is, and with which key to ping it.
//!
//! A user may have several receivers, and there is one place. Who is there first keeps it for as long as
//! it lives, and nobody takes away another's word: jobs would ping nobody, or the wrong one.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::{Value, json};

use super::log::Log;
use crate::domain::host::ProcessName;
use crate::sys::files::PrivateDir;
use crate::sys::process;

/// The file's name.
const RUNTIME_FILE: &str = "serve.json";

/// Larger files are not what a receiver leaves.
const FILE_BYTES_MAX: u64 = 16 * 1024;

/// The word as it was left, where it was.
#[derive(Default)]
pub(super) struct RuntimeFile {
    left: Mutex<Option<(PathBuf, Vec<u8>)>>,
}

impl RuntimeFile {
    /// Leaves word. That it cannot be left is no reason not to serve.
    pub(super) fn leave(&self, (url, ping_key): (&str, &str), keys_file: &Path, log: &Log) {
        let Some(path) = runtime_dir() else { return };
        let (pid, boot_id) = (std::process::id(), process::boot_id());
        let word = json!({
            "url": url,
            "ping_key": ping_key,
            "pid": pid,
            "start_ticks": process::start_ticks(pid),
            "boot_id": boot_id,
            "keys_file": keys_file.display().to_string(),
        });
        let word = word.to_string().into_bytes();
        let left = PrivateDir::open(&path).and_then(|directory| {
            let there = directory.read(RUNTIME_FILE, FILE_BYTES_MAX).unwrap_or_default();
            if let Some(other) = living(&there, &boot_id).filter(|other| *other != pid) {
                return Ok(Some(other));
            }
            directory.replace(RUNTIME_FILE, &word).map(|()| None)
        });
        match left {
            Ok(None) => {
                if let Ok(mut left) = self.left.lock() {
                    *left = Some((path, word));
                }
            }
            Ok(Some(other)) => log.info(
                "this user's `hb run` goes on to find the receiver that was here first",
                &[("pid", &other.to_string())],
            ),
            Err(error) => log.debug(
                "`hb run` will not find this receiver by itself",
                &[("error", &error.to_string())],
            ),
        }
    }

    /// Takes the word away, if it is still the own one.
    pub(super) fn forget(&self) {
        if let Ok(mut left) = self.left.lock()
            && let Some((path, word)) = left.take()
            && let Ok(directory) = PrivateDir::open_there(&path)
            && directory.read(RUNTIME_FILE, FILE_BYTES_MAX).is_ok_and(|there| there == word)
        {
            let _ = directory.remove(RUNTIME_FILE);
        }
    }
}

/// The process that has left this word, if it is still exactly that one: its number alone may be
/// somebody else's by now.
fn living(word: &[u8], boot_id: &str) -> Option<u32> {
    let word: Value = serde_json::from_slice(word).ok()?;
    let process = ProcessName {
        pid: u32::try_from(word["pid"].as_u64()?).ok()?,
        start_ticks: word["start_ticks"].as_u64()?,
        boot_id: word["boot_id"].as_str()?.to_owned(),
    };
    process::is_alive(&process, boot_id).then_some(process.pid)
}

/// Where this user's programs leave word for each other.
fn runtime_dir() -> Option<PathBuf> {
    if let Some(directory) = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)
        && directory.is_absolute()
    {
        return Some(directory.join("hb"));
    }
    nix::unistd::geteuid().is_root().then(|| Path::new("/run/hb").to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::living;
    use crate::sys::process;

    #[test]
    fn only_exactly_the_process_that_left_it_keeps_the_place() {
        let (pid, boot_id) = (std::process::id(), process::boot_id());
        let ticks = process::start_ticks(pid).expect("this process lives");
        for (word, expected) in [
            (json!({"pid": pid, "start_ticks": ticks, "boot_id": boot_id}), Some(pid)),
            (json!({"pid": pid, "start_ticks": ticks + 1, "boot_id": boot_id}), None),
            (json!({"pid": pid, "start_ticks": ticks, "boot_id": "another"}), None),
            (json!({"pid": pid}), None),
            (json!([]), None),
        ] {
            assert_eq!(living(word.to_string().as_bytes(), &boot_id), expected, "{word}");
        }
        assert_eq!(living(b"", &boot_id), None);
    }
}
