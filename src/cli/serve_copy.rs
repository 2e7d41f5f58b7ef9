//! `hb serve backup` and `hb serve restore`: a copy of the store, and back. Neither overwrites anything.

use std::path::Path;

use super::{exit, say};
use crate::domain::text;
use crate::store::{self, Place, Trouble};

/// Copies everything to a new file.
pub(super) fn backup(place: &Place, to: &Path) -> i32 {
    let shown = text::excerpt(to.as_os_str().as_encoded_bytes());
    if to.symlink_metadata().is_ok() {
        say::error(format!("`{shown}` is there already and is not overwritten"));
        say::hint("name a new file; the older copy may be the one that is needed");
        return exit::FAILED;
    }
    if let Place::Sqlite(directory) = place
        && !directory.join("hb.sqlite").exists()
    {
        say::error(format!("there is no store in `{}`", directory.display()));
        say::hint("`--data DIR` or HB_DATA_DIR says where it is");
        return exit::FAILED;
    }
    match store::backup(place, to) {
        Ok(()) => {
            say::data(&format!("everything was copied to `{shown}`\n"));
            exit::OK
        }
        Err(trouble) => failed(&trouble),
    }
}

/// Puts a copy in the place of a store that is not there.
pub(super) fn restore(place: &Place, from: &Path) -> i32 {
    let shown = text::excerpt(from.as_os_str().as_encoded_bytes());
    if let Err(error) = from.metadata() {
        say::error(format!("cannot read `{shown}`: {}", text::without_errno(&error.to_string())));
        return exit::FAILED;
    }
    match store::restore(place, from) {
        Ok(file) => {
            say::data(&format!("`{}` is what `{shown}` was\n", file.display()));
            say::hint("start `hb serve`; its keys and its password are those of the copy");
            exit::OK
        }
        Err(Trouble::Conflict(there)) => {
            say::error(format!("{there} is there already and is not overwritten"));
            say::hint(
                "stop `hb serve` and move its files away, or name another directory with `--data DIR`",
            );
            exit::FAILED
        }
        Err(trouble) => failed(&trouble),
    }
}

fn failed(trouble: &Trouble) -> i32 {
    match trouble {
        Trouble::Unavailable(why) => say::error(why),
        other => say::error(other),
    }
    exit::FAILED
}
