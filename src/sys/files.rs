//! Private directories, and files in them that nobody else can have prepared.
//!
//! Root runs `hb` from cron, so every path it writes is a target. A [`PrivateDir`] is held by its
//! descriptor: it is ours, nobody else may write in it, and names are resolved below it without
//! following a symbolic link. Files are regular, ours and 0600. A whole file is written beside its
//! place, synced and renamed, so that a reader or a power cut sees the old one or the new one.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::named_descriptor;
use crate::domain::text;

/// A directory that only this user can write to, held open.
pub(crate) struct PrivateDir {
    path: PathBuf,
    descriptor: OwnedFd,
}

/// Names read from one directory at most; what lies beyond is somebody else's mistake.
const NAMES_MAX: usize = 100_000;

/// Rights of every file that hb makes.
const FILE_MODE: Mode = Mode::from_bits_truncate(0o600);

/// Rights of every directory that hb makes.
const DIRECTORY_MODE: Mode = Mode::from_bits_truncate(0o700);

impl PrivateDir {
    /// Opens `path`, making it and what is missing above it.
    pub(crate) fn open(path: &Path) -> io::Result<PrivateDir> {
        match PrivateDir::open_there(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
                PrivateDir::open_there(path)
            }
            answer => answer,
        }
    }

    /// Opens `path` only where it exists.
    pub(crate) fn open_there(path: &Path) -> io::Result<PrivateDir> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_RDONLY;
        let descriptor = nix::fcntl::open(path, flags, Mode::empty())?;
        PrivateDir::checked(path.to_owned(), descriptor)
    }

    /// The directory `name` in this one, made where it is missing.
    pub(crate) fn child(&self, name: &str) -> io::Result<PrivateDir> {
        match self.child_there(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match mkdirat(&self.descriptor, name, DIRECTORY_MODE) {
                    Ok(()) | Err(nix::Error::EEXIST) => self.child_there(name),
                    Err(errno) => Err(at(&self.path.join(name), errno)),
                }
            }
            answer => answer,
        }
    }

    /// The directory `name` in this one, only where it exists.
    pub(crate) fn child_there(&self, name: &str) -> io::Result<PrivateDir> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_RDONLY;
        let path = self.path.join(name);
        let descriptor = openat(&self.descriptor, name, flags, Mode::empty());
        PrivateDir::checked(path.clone(), descriptor.map_err(|errno| at(&path, errno))?)
    }

    /// Where this directory is, for messages and for the job.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn checked(path: PathBuf, descriptor: OwnedFd) -> io::Result<PrivateDir> {
        let facts = fstat(&descriptor)?;
        let writers = facts.st_mode & 0o022;
        if facts.st_uid != nix::unistd::geteuid().as_raw() || writers != 0 {
            let shown = path.display();
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("`{shown}` must belong to this user and be writable by nobody else"),
            ));
        }
        Ok(PrivateDir { path, descriptor })
    }

    /// Lets other users pass to what is theirs below; they cannot list what is here.
    pub(crate) fn let_through(&self) -> io::Result<()> {
        let passable = Mode::from_bits_truncate(0o711);
        nix::sys::stat::fchmod(&self.descriptor, passable).map_err(|errno| at(&self.path, errno))
    }

    /// Gives this directory, and a file that was made in it, to another user.
    pub(crate) fn give(&self, file: &File, (uid, gid): (u32, u32)) -> io::Result<()> {
        std::os::unix::fs::fchown(file, Some(uid), Some(gid))?;
        std::os::unix::fs::fchown(&self.descriptor, Some(uid), Some(gid))
    }

    /// Removes the directory `name` and the file `file` in it, whoever they were given to. What else
    /// is in there stays.
    pub(crate) fn clear_away(&self, name: &str, file: &str) -> io::Result<()> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_RDONLY;
        let child = openat(&self.descriptor, name, flags, Mode::empty())?;
        let _ = unlinkat(&child, file, UnlinkatFlags::NoRemoveDir);
        self.remove_child(name)
    }

    /// Makes file `name`, which must not exist, for reading and appending.
    pub(crate) fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_RDWR | OFlag::O_APPEND;
        let made = openat(&self.descriptor, name, flags | COMMON, FILE_MODE);
        Ok(File::from(made.map_err(|errno| at(&self.path, errno))?))
    }

    /// Opens file `name` for reading and appending, making it where it is missing.
    pub(crate) fn open_or_create(&self, name: &str) -> io::Result<File> {
        let flags = OFlag::O_CREAT | OFlag::O_RDWR | OFlag::O_APPEND;
        let opened = openat(&self.descriptor, name, flags | COMMON, FILE_MODE);
        self.regular(opened.map_err(|errno| at(&self.path, errno))?)
    }

    /// Opens the existing file `name` for reading and appending.
    pub(crate) fn open_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlag::O_RDWR | OFlag::O_APPEND;
        let opened = openat(&self.descriptor, name, flags | COMMON, Mode::empty());
        self.regular(opened.map_err(|errno| at(&self.path, errno))?)
    }

    /// Reads file `name`, at most `bytes_max` of it.
    pub(crate) fn read(&self, name: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
        let file = openat(&self.descriptor, name, OFlag::O_RDONLY | COMMON, Mode::empty())?;
        let mut bytes = Vec::new();
        self.regular(file)?.take(bytes_max).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Only regular files of this user pass: a FIFO would hang us, a device would do worse.
    fn regular(&self, descriptor: OwnedFd) -> io::Result<File> {
        let file = File::from(descriptor);
        let facts = file.metadata()?;
        if !facts.is_file() || facts.uid() != nix::unistd::geteuid().as_raw() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a file of ours"));
        }
        Ok(file)
    }

    /// Puts a whole file in place of `name`, on the disk before this returns.
    pub(crate) fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let beside = format!(".{}.{name}", std::process::id());
        let _ = self.remove(&beside);
        let written = self.create(&beside).and_then(|mut file| {
            let whole = file.write_all(bytes).and_then(|()| file.sync_data());
            whole.map_err(|error| self.named(&error))
        });
        let placed = written.and_then(|()| self.rename(&beside, self, name));
        if placed.is_err() {
            let _ = self.remove(&beside);
        }
        placed?;
        self.sync()
    }

    /// Moves file `name` to `place` under the name `new_name`.
    pub(crate) fn rename(&self, name: &str, place: &PrivateDir, new_name: &str) -> io::Result<()> {
        let moved = renameat(&self.descriptor, name, &place.descriptor, new_name);
        moved.map_err(|errno| at(&place.path, errno))
    }

    /// Removes file `name`.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        let removed = unlinkat(&self.descriptor, name, UnlinkatFlags::NoRemoveDir);
        removed.map_err(|errno| at(&self.path, errno))
    }

    /// Removes the empty directory `name`.
    pub(crate) fn remove_child(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.descriptor, name, UnlinkatFlags::RemoveDir)?)
    }

    /// Makes renames and removals in this directory survive a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        nix::unistd::fsync(&self.descriptor).map_err(|errno| at(&self.path, errno))
    }

    /// An error of a file in here, with this directory's name.
    ///
    /// The names of files are ids and digests: they help nobody, and the place does.
    pub(crate) fn named(&self, error: &io::Error) -> io::Error {
        let words = error.to_string();
        let words = text::without_errno(&words);
        io::Error::new(error.kind(), format!("`{}`: {words}", self.path.display()))
    }

    /// Facts about the regular file `name`.
    pub(crate) fn facts(&self, name: &str) -> io::Result<FileStat> {
        let facts = fstatat(&self.descriptor, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
        let kind = SFlag::from_bits_truncate(facts.st_mode) & SFlag::S_IFMT;
        if kind == SFlag::S_IFREG {
            return Ok(facts);
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "not a regular file"))
    }

    /// The names in this directory, sorted; hidden ones are ours in the making and left out.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in self.entries()?.iter() {
            let entry = entry.map_err(|errno| at(&self.path, errno))?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if !name.starts_with('.') && names.len() < NAMES_MAX {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Removes what interrupted writers left beside their places more than `age_s` seconds ago.
    pub(crate) fn sweep(&self, now_s: i64, age_s: i64) -> io::Result<()> {
        for entry in self.entries()?.iter() {
            let entry = entry.map_err(|errno| at(&self.path, errno))?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            let left_over = name.len() > 2 && name.starts_with('.') && name != "..";
            if left_over && self.facts(name).is_ok_and(|facts| facts.st_mtime < now_s - age_s) {
                self.remove(name)?;
            }
        }
        Ok(())
    }

    /// Whether it holds a file whose name ends like this; the first one answers.
    pub(crate) fn holds(&self, end: &str) -> io::Result<bool> {
        let mut entries = self.entries()?;
        let is_one = |entry: nix::Result<nix::dir::Entry>| {
            entry.is_ok_and(|entry| entry.file_name().to_bytes().ends_with(end.as_bytes()))
        };
        Ok(entries.iter().any(is_one))
    }

    /// Opened for reading once more. Where reading fails, it fails again at every further step, so whoever
    /// goes through the entries ends at the first error.
    fn entries(&self) -> io::Result<nix::dir::Dir> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | OFlag::O_RDONLY;
        let opened = nix::dir::Dir::openat(&self.descriptor, ".", flags, Mode::empty());
        opened.map_err(|errno| at(&self.path, errno))
    }
}

/// An error with its place: `Permission denied` alone helps nobody.
fn at(place: &Path, errno: nix::Error) -> io::Error {
    let kind = io::Error::from(errno).kind();
    io::Error::new(kind, format!("`{}`: {}", place.display(), errno.desc()))
}

/// Flags of every open: no link followed, no wait for the other end of a FIFO, not for the job.
const COMMON: OFlag = OFlag::O_CLOEXEC.union(OFlag::O_NOFOLLOW).union(OFlag::O_NONBLOCK);

impl std::fmt::Debug for PrivateDir {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} ({})", self.path.display(), self.descriptor.as_raw_fd())
    }
}

/// The largest file of any kind that a person hands to hb (keys, certificates, configuration).
pub(crate) const GIVEN_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The largest file that is sent to a receiver as a whole: all monitors of an account, as many as the
/// receiver takes in one call.
pub(crate) const SENT_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Reads a file that a person named: a key, a certificate, an environment.
///
/// It is an ordinary file, or nothing is read: a FIFO in its place would keep the job waiting for a
/// writer that never comes. `/dev/null` is an empty file.
pub(crate) fn read_given(path: &Path) -> io::Result<Vec<u8>> {
    read_bounded(open_given(path)?, GIVEN_FILE_BYTES_MAX)
}

/// Opens an ordinary file that a person named; a pipe or a device would keep hb waiting for ever.
pub(crate) fn open_given(path: &Path) -> io::Result<File> {
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    if !file.metadata()?.is_file() && path != Path::new("/dev/null") {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not an ordinary file"));
    }
    Ok(file)
}

/// Reads all of something that is not larger than this.
pub(crate) fn read_bounded(from: impl Read, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        let why = format!("larger than {} MiB", bytes_max / (1024 * 1024));
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

/// Writes to a file that a person named, and waits for nobody to read from it; or to a descriptor.
pub(crate) fn write_given(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(number) = named_descriptor::of(path) {
        return named_descriptor::write(number, bytes);
    }
    let mut options = File::options();
    options.write(true).create(true).truncate(true).custom_flags(libc::O_NONBLOCK);
    options.open(path)?.write_all(bytes)
}

/// Writes a file that only this user can read, whole or not at all. The directories above it that are
/// missing are this user's alone, whatever the umask: in one that others write to they could replace it.
pub(crate) fn put_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(above)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let new = path.with_file_name(name);
    let written = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&new, path));
    written.inspect_err(|_| drop(std::fs::remove_file(&new)))
}

/// Reads a small file that only this user can have written and only this user can read, such as a
/// word that one program of theirs leaves for another. A missing file costs one failed open.
pub(crate) fn read_private(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let file = File::from(nix::fcntl::open(path, OFlag::O_RDONLY | COMMON, Mode::empty())?);
    let facts = file.metadata()?;
    let is_ours = facts.is_file() && facts.uid() == nix::unistd::geteuid().as_raw();
    if !is_ours || facts.mode() & 0o077 != 0 {
        let why = format!("`{}` must be this user's alone", path.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than it can be"));
    }
    Ok(bytes)
}
