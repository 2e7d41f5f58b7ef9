//! The receiver that this user runs on this host, by the word that it leaves in a private file.
//!
//! Only a file that nobody else can have written counts, and only while the receiver lives: a run
//! must not hand its output to whatever listens on that port today. `hb run` looks here before every
//! job that has no target, so the case without a file costs no more than opening what is not there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::answer::Object;
use crate::sys::{files, process};

/// The file's name.
const FILE: &str = "hb/serve.json";

/// Root's own place, whoever started root's shell.
const ROOT_PLACE: &str = "/run";

/// Larger files are not what a receiver leaves.
const FILE_BYTES_MAX: u64 = 16 * 1024;

/// A receiver on this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Local {
    /// Where it listens.
    pub(crate) url: String,
    /// What `hb run` shows it.
    pub(crate) ping_key: String,
    /// Where its other keys are.
    keys_file: Option<PathBuf>,
}

/// The receiver of this user, if one lives.
pub(crate) fn find() -> Option<Local> {
    let uid = nix::unistd::geteuid().as_raw();
    places(|name| std::env::var_os(name), uid).iter().find_map(|place| read(&place.join(FILE)))
}

/// Where a receiver of this user may have left word. A job of cron has no `XDG_RUNTIME_DIR`, but the
/// directory is where systemd always makes it. Whoever sets the variable to another place wants to be
/// alone there.
fn places(env: impl Fn(&str) -> Option<OsString>, uid: u32) -> Vec<PathBuf> {
    let usual = PathBuf::from(format!("/run/user/{uid}"));
    let named = env("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let own = named.unwrap_or_else(|| usual.clone());
    let root = (uid == 0 && own == usual).then(|| PathBuf::from(ROOT_PLACE));
    std::iter::once(own).chain(root).collect()
}

fn read(file: &Path) -> Option<Local> {
    let bytes = files::read_private(file, FILE_BYTES_MAX).ok()?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    let word = Object(&value);
    let pid = u32::try_from(word.whole("pid")?).ok()?;
    let start_ticks = process::start_ticks(pid)?;
    // The number of one that was killed may be somebody else's by now.
    if word.whole("start_ticks").is_some_and(|ticks| u64::try_from(ticks) != Ok(start_ticks)) {
        return None;
    }
    Some(Local {
        url: word.word("url")?.trim_end_matches('/').to_owned(),
        ping_key: word.text("ping_key").to_owned(),
        keys_file: word.word("keys_file").map(PathBuf::from),
    })
}

impl Local {
    /// The key for its API: the one that may write, else the one that may read.
    pub(crate) fn api_key(&self) -> Option<String> {
        let bytes = files::read_private(self.keys_file.as_deref()?, FILE_BYTES_MAX).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        key_in(&text, "HB_API_KEY").or_else(|| key_in(&text, "HB_API_KEY_READONLY"))
    }

    /// The password of whoever owns it.
    pub(crate) fn admin_password(&self) -> Option<String> {
        let bytes = files::read_private(self.keys_file.as_deref()?, FILE_BYTES_MAX).ok()?;
        key_in(&String::from_utf8(bytes).ok()?, "HB_ADMIN_PASSWORD")
    }

    /// Where it takes pings of this monitor.
    pub(crate) fn ping_url(&self, monitor: &str) -> Option<String> {
        let is_known = !self.ping_key.is_empty();
        is_known.then(|| format!("{}/hb/{}/{monitor}", self.url, self.ping_key))
    }
}

/// The value of a line `NAME=value`.
fn key_in(text: &str, name: &str) -> Option<String> {
    let mut lines = text.lines().filter_map(|line| line.split_once('='));
    let (_, value) = lines.find(|(known, value)| *known == name && !value.trim().is_empty())?;
    Some(value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{key_in, places, read};

    #[test]
    fn a_user_has_one_place_and_root_two() {
        let check = |xdg: Option<&str>, uid, expected: &[&str]| {
            let found =
                places(|name| xdg.filter(|_| name == "XDG_RUNTIME_DIR").map(Into::into), uid);
            let found: Vec<_> = found.iter().map(|place| place.display().to_string()).collect();
            assert_eq!(found, expected);
        };
        check(None, 1000, &["/run/user/1000"]);
        check(Some("/run/user/7"), 1000, &["/run/user/7"]);
        check(Some("relative"), 1000, &["/run/user/1000"]);
        check(Some("/run/user/0"), 0, &["/run/user/0", "/run"]);
        check(None, 0, &["/run/user/0", "/run"]);
        check(Some("/tmp/alone"), 0, &["/tmp/alone"]);
    }

    #[test]
    fn only_a_private_word_of_a_receiver_that_lives_counts() {
        let directory = std::env::temp_dir().join(format!("hb-local-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("serve.json");
        let own = std::process::id();
        let good = format!(r#"{{"url": "http://h:1/", "ping_key": "k", "pid": {own}}}"#);
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let dead = good.replace(&own.to_string(), &child.id().to_string());
        let large = format!("{good}{}", " ".repeat(20_000));
        for (text, mode, url) in [
            (good.as_str(), 0o600, Some("http://h:1")),
            (&good, 0o400, Some("http://h:1")),
            (&good, 0o640, None),
            (&good, 0o604, None),
            (&dead, 0o600, None),
            (&large, 0o600, None),
            ("{}", 0o600, None),
            ("", 0o600, None),
            ("[1", 0o600, None),
            (&good.replace(&own.to_string(), "-1"), 0o600, None),
            (&good.replace("\"pid\"", "\"start_ticks\": 1, \"pid\""), 0o600, None),
        ] {
            let _ = std::fs::remove_file(&file);
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let found = read(&file);
            assert_eq!(found.as_ref().map(|local| local.url.as_str()), url, "{text} {mode:o}");
            if let Some(local) = found {
                let url = local.ping_url("nightly");
                assert_eq!(url.as_deref(), Some("http://h:1/hb/k/nightly"));
                assert_eq!(local.api_key(), None);
            }
        }
        // A link is somebody's way to make us read another file.
        std::fs::remove_file(&file).unwrap();
        std::fs::write(directory.join("real"), &good).unwrap();
        std::os::unix::fs::symlink(directory.join("real"), &file).unwrap();
        assert!(read(&file).is_none());
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn a_key_is_the_value_of_its_own_line() {
        let text = "HB_PING_KEY=p\nHB_API_KEY=w=w\nHB_API_KEY_READONLY=r\nHB_EMPTY=\n";
        assert_eq!(key_in(text, "HB_API_KEY").as_deref(), Some("w=w"));
        assert_eq!(key_in(text, "HB_EMPTY"), None);
        assert_eq!(key_in(text, "HB_API"), None);
    }
}
