//! Which configuration files there are, and which of them may be trusted.
//!
//! `$HB_CONFIG` alone where it is set. Otherwise the user's own file, then `/etc/hb/config.toml`;
//! the first wins member by member. A file that is not there is fine, unless somebody named it.
//!
//! Whoever can write the file decides what root's cron runs (`pre`) and where its output goes,
//! so a file is refused when anyone but root and the running user could have changed it.
//! The directories above are not checked; ssh and sudo differ there, and a directory
//! that others may write is a trouble larger than this file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::config::mistake::Mistake;
use crate::config::read::{self, Unread};

/// More than any hand-written file needs, and little enough to be read before every job.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

const SYSTEM_FILE: &str = "/etc/hb/config.toml";

/// A configuration file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigFile {
    /// Where it was found.
    pub(crate) path: PathBuf,
    /// What is in it; bytes that are not UTF-8 are replaced, and reported.
    pub(crate) text: String,
    /// Whether users other than the owner can read it, and with it a key written out in it.
    pub(crate) readable_by_others: bool,
}

/// All files that count, the strongest first, and what was wrong with the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The layers, the strongest first.
    pub(crate) files: Vec<ConfigFile>,
    /// Files that had to be left out, and bytes that had to be replaced.
    pub(crate) mistakes: Vec<Mistake>,
}

/// Opens the files that the environment and the user's id lead to.
pub(crate) fn find(env: impl Fn(&str) -> Option<OsString>, euid: u32) -> Found {
    find_below(Path::new(SYSTEM_FILE), env, euid)
}

/// The file that this user writes to: the one that the environment names, root's for the whole system,
/// or the user's own. It need not be there.
pub(crate) fn own_file(env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let named = env("HB_CONFIG").filter(|name| !name.is_empty()).map(PathBuf::from);
    let has_own_place = env("XDG_CONFIG_HOME").is_some_and(|path| Path::new(&path).is_absolute());
    let is_root = nix::unistd::geteuid().is_root() && !has_own_place;
    named.or_else(|| if is_root { Some(SYSTEM_FILE.into()) } else { user_file(env) })
}

/// The same with another file for the whole system.
fn find_below(system: &Path, env: impl Fn(&str) -> Option<OsString>, euid: u32) -> Found {
    let mut found = Found::default();
    if let Some(named) = env("HB_CONFIG").filter(|name| !name.is_empty()) {
        let path = PathBuf::from(named);
        if !found.add(&path, euid) {
            found.mistakes.push(Mistake {
                hint: Some("`HB_CONFIG` names this file".to_owned()),
                ..Mistake::of_file(path, "there is no such file")
            });
        }
        return found;
    }
    if let Some(path) = user_file(env) {
        found.add(&path, euid);
    }
    found.add(system, euid);
    found
}

/// The user's own file. Relative directories are ignored, as the XDG specification says.
fn user_file(env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let absolute = |name| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let directory = absolute("XDG_CONFIG_HOME");
    let directory = directory.or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
    Some(directory.join("hb/config.toml"))
}

impl Found {
    /// Adds a file, or the reason why it is left out; false where there is no such file.
    fn add(&mut self, path: &Path, euid: u32) -> bool {
        let file = match read::small_file(path, FILE_BYTES_MAX) {
            Ok(file) => file,
            Err(Unread::Absent) => return false,
            Err(Unread::Because(reason)) => {
                self.mistakes.push(Mistake::of_file(path, reason));
                return true;
            }
        };
        if let Some((message, hint)) = distrust(file.uid, file.mode, euid) {
            let hint = Some(format!("{hint} {}", path.display()));
            self.mistakes.push(Mistake { hint, ..Mistake::of_file(path, message) });
            return true;
        }
        let text = match String::from_utf8(file.bytes) {
            Ok(text) => text,
            Err(error) => {
                // One umlaut of another time must not cost all reports, so the rest is used.
                let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
                let message = "there is a byte that is not UTF-8";
                self.mistakes.push(Mistake { line, ..Mistake::of_file(path, message) });
                String::from_utf8_lossy(error.as_bytes()).into_owned()
            }
        };
        let readable_by_others = file.mode & 0o044 != 0;
        self.files.push(ConfigFile { path: path.to_owned(), text, readable_by_others });
        true
    }
}

/// Why a file of this owner and mode is not to be trusted by this user, and the command
/// that mends it. A file of root's is trusted by everyone: root needs no file to run things.
fn distrust(uid: u32, mode: u32, euid: u32) -> Option<(String, &'static str)> {
    if uid != 0 && uid != euid {
        let message =
            format!("it belongs to user {uid}, and may only belong to root or user {euid}");
        return Some((message, "chown it, or have the other user run this job:"));
    }
    let who = match (mode & 0o020 != 0, mode & 0o002 != 0) {
        (false, false) => return None,
        (true, false) => "its group",
        (false, true) => "everyone",
        (true, true) => "its group and everyone",
    };
    Some((format!("it can be changed by {who} (mode {mode:04o})"), "run chmod go-w"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    /// An empty directory of this test's own, removed at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("hb-find-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, name: &str, content: &[u8], mode: u32) -> PathBuf {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        }

        fn euid(&self) -> u32 {
            fs::metadata(&self.0).unwrap().uid()
        }

        /// What is found with these variables, as one text per file and one per mistake.
        fn found(&self, variables: &[(&str, &Path)]) -> (Vec<String>, Vec<String>) {
            let env = |name: &str| {
                let row = variables.iter().find(|(known, _)| *known == name);
                row.map(|(_, value)| value.as_os_str().to_owned())
            };
            let found = find_below(&self.0.join("etc/config.toml"), env, self.euid());
            let root = format!("{}/", self.0.display());
            let short = |text: String| text.replace(&root, "");
            let files = found.files.into_iter().map(|file| {
                let open = if file.readable_by_others { " open" } else { "" };
                short(format!("{}{open}: {}", file.path.display(), file.text))
            });
            let mistakes = found.mistakes.into_iter().map(|mistake| {
                let hint = mistake.hint.as_ref().map(|hint| format!(" | {hint}"));
                short(format!("{mistake}{}", hint.unwrap_or_default()))
            });
            (files.collect(), mistakes.collect())
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_users_file_comes_before_the_systems() {
        let scratch = Scratch::new("order");
        scratch.write("etc/config.toml", b"system", 0o644);
        scratch.write("home/.config/hb/config.toml", b"home", 0o600);
        scratch.write("xdg/hb/config.toml", b"xdg", 0o600);
        let (home, xdg) = (scratch.0.join("home"), scratch.0.join("xdg"));
        let system = "etc/config.toml open: system";
        let of_home = "home/.config/hb/config.toml: home";
        let check = |variables: &[(&str, &Path)], expected: &[&str]| {
            assert_eq!(scratch.found(variables).0, expected);
            assert!(scratch.found(variables).1.is_empty());
        };
        check(&[], &[system]);
        check(&[("HOME", &home)], &[of_home, system]);
        check(&[("HOME", &home), ("XDG_CONFIG_HOME", &xdg)], &["xdg/hb/config.toml: xdg", system]);
        check(&[("HOME", &home), ("XDG_CONFIG_HOME", Path::new("rel"))], &[of_home, system]);
        check(&[("HOME", Path::new(""))], &[system]);
        check(&[("HOME", &scratch.0.join("nobody"))], &[system]);
        check(&[("HB_CONFIG", &xdg.join("hb/config.toml"))], &["xdg/hb/config.toml: xdg"]);
        check(&[("HB_CONFIG", Path::new("/dev/null"))], &["/dev/null: "]);
        check(&[("HB_CONFIG", Path::new("")), ("HOME", &home)], &[of_home, system]);
    }

    #[test]
    fn a_file_that_cannot_be_used_says_why() {
        let scratch = Scratch::new("why");
        let large = vec![b'#'; FILE_BYTES_MAX as usize + 1];
        let cases = [
            (scratch.0.join("gone"), "there is no such file | `HB_CONFIG` names this file"),
            (scratch.0.clone(), "it is a directory"),
            (scratch.write("large", &large, 0o600), "it is larger than 1048576 bytes"),
            (
                scratch.write("group", b"", 0o620),
                "it can be changed by its group (mode 0620) | run chmod go-w group",
            ),
            (
                scratch.write("latin", b"# one\n# f\xfcr\n", 0o600),
                "line 2: there is a byte that is not UTF-8",
            ),
        ];
        for (path, expected) in cases {
            let (_, mistakes) = scratch.found(&[("HB_CONFIG", &path)]);
            assert_eq!(mistakes.len(), 1);
            assert!(mistakes[0].ends_with(&format!("`: {expected}")), "{mistakes:?}");
        }
    }

    #[test]
    fn only_root_and_the_user_may_be_able_to_change_a_file() {
        let check = |uid, mode, euid, expected: Option<&str>| {
            let got = distrust(uid, mode, euid).map(|(message, _)| message);
            assert_eq!(got.as_deref(), expected, "{uid} {mode:o} {euid}");
        };
        check(1000, 0o600, 1000, None);
        check(0, 0o644, 1000, None);
        check(0, 0o600, 0, None);
        let foreign = "it belongs to user 1000, and may only belong to root or user 0";
        check(1000, 0o600, 0, Some(foreign));
        check(0, 0o664, 0, Some("it can be changed by its group (mode 0664)"));
        check(0, 0o602, 5, Some("it can be changed by everyone (mode 0602)"));
        check(5, 0o666, 5, Some("it can be changed by its group and everyone (mode 0666)"));
    }
}
