//! What is written in files: which monitors and targets there are, and how jobs are to run.
//!
//! `find` opens the files, `file` reads one of them, `understand` lays them over each other
//! and returns one `Config` together with every mistake in it. A wrong member is dropped and
//! the rest is used, because a broken file must never keep a job from running; whoever asked
//! for `--strict` looks at `Config::mistakes` before the job starts.
//!
//! This layer never prints, never opens a socket and never ends the process. It runs before
//! every job, so the case without any file costs two failed look-ups and nothing else.
//! The hard parts are going on after a syntax error (`syntax`) and saying a mistake
//! without saying a secret (`secret`, `url`).

pub(crate) mod dialects;
pub(crate) mod file;
pub(crate) mod find;
pub(crate) mod member;
pub(crate) mod mistake;
pub(crate) mod monitors;
pub(crate) mod notes;
pub(crate) mod places;
pub(crate) mod policy;
pub(crate) mod read;
pub(crate) mod secret;
pub(crate) mod serve;
pub(crate) mod settings;
pub(crate) mod shape;
pub(crate) mod syntax;
pub(crate) mod target;
pub(crate) mod understand;
pub(crate) mod url;
pub(crate) mod value;

#[cfg(test)]
mod tests;
