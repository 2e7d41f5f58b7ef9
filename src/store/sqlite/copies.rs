//! Copies of the file, made while others write, and put back where none is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{FILE, Sqlite, trouble};
use crate::store::engine::Way;
use crate::store::migrate::FIND_SCHEMA;
use crate::store::tx::Trouble;
use crate::sys::files::PrivateDir;

/// Pages copied between two looks of a backup: all, because a copy in one go needs no second start.
const PAGES: i32 = i32::MAX;

impl Sqlite {
    /// Copies everything, as it is at one moment, to the new file `to`, on the disk when this returns.
    pub(in crate::store) fn backup(directory: &Path, to: &Path) -> Result<(), Trouble> {
        let source = Sqlite::open(directory, Way::Read)?;
        copied(&source.connection, to)
    }

    /// Copies the store in the file `from` into a directory that has none.
    pub(in crate::store) fn restore(
        directory: &Path,
        from: &Path,
        known: i64,
    ) -> Result<PathBuf, Trouble> {
        let no_copy = |why: String| {
            Trouble::Unavailable(format!("`{}` is no copy of a store: {why}", from.display()))
        };
        PrivateDir::open(directory).map_err(|error| Trouble::Unavailable(error.to_string()))?;
        let to = directory.join(FILE);
        for beside in ["", "-wal", "-shm"] {
            let there = directory.join(format!("{FILE}{beside}"));
            if there.exists() {
                return Err(Trouble::Conflict(format!("`{}`", there.display())));
            }
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let source =
            Connection::open_with_flags(from, flags).map_err(|e| no_copy(e.to_string()))?;
        let text = |sql: &str| -> Result<String, Trouble> {
            source.query_row(sql, [], |row| row.get(0)).map_err(|e| no_copy(e.to_string()))
        };
        let found = text(FIND_SCHEMA)?.parse().unwrap_or(i64::MAX);
        if found > known {
            return Err(Trouble::Newer { found, known });
        }
        match text("pragma quick_check(1)")?.as_str() {
            "ok" => copied(&source, &to).map(|()| to),
            damage => Err(no_copy(damage.to_owned())),
        }
    }

    /// Another one in memory, with everything that this one has.
    #[cfg(test)]
    pub(in crate::store) fn twin(&self) -> Result<Sqlite, Trouble> {
        let mut twin = Sqlite::in_memory()?;
        rusqlite::backup::Backup::new(&self.connection, &mut twin.connection)
            .and_then(|copy| copy.run_to_completion(PAGES, Duration::ZERO, None))
            .map_err(|error| trouble(&error))?;
        Ok(twin)
    }
}

/// Copies through a file beside `to`, so that nothing is ever there but a whole copy.
fn copied(source: &Connection, to: &Path) -> Result<(), Trouble> {
    let cannot =
        |error: std::io::Error| Trouble::Unavailable(format!("`{}`: {error}", to.display()));
    let (Some(place), Some(name)) = (to.parent(), to.file_name()) else {
        return Err(Trouble::Unavailable(format!("`{}` is no file's name", to.display())));
    };
    let mut part = name.to_owned();
    part.push(".part");
    let part = place.join(part);
    let _ = std::fs::remove_file(&part);
    let file = {
        use std::os::unix::fs::OpenOptionsExt;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600).open(&part).map_err(cannot)?
    };
    let copied = copy(source, &part).map_err(|error| trouble(&error));
    let kept = copied
        .and_then(|()| file.sync_all().map_err(cannot))
        .and_then(|()| std::fs::rename(&part, to).map_err(cannot));
    if kept.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    kept
}

fn copy(source: &Connection, part: &Path) -> rusqlite::Result<()> {
    let mut target = Connection::open_with_flags(part, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    rusqlite::backup::Backup::new(source, &mut target)?.run_to_completion(
        PAGES,
        Duration::ZERO,
        None,
    )?;
    // A copy is one file: no log beside it that could be left behind.
    target.query_row("pragma journal_mode = delete", [], |_| Ok(()))
}
