//! What every command starts from: the configuration with its mistakes, and this host's memory.

use std::ffi::OsString;
use std::path::PathBuf;

use super::say;
use crate::config::find;
use crate::config::mistake::Mistake;
use crate::config::understand::{Config, understand};
use crate::domain::text;
use crate::journal::state::State;

/// Where root's memory is.
const ROOT_STATE_DIR: &str = "/var/lib/hb";

/// The settled surroundings of a command.
pub(crate) struct Context {
    /// The configuration, without what is wrong in it.
    pub(crate) config: Config,
    /// Everything that is wrong in it.
    pub(crate) mistakes: Vec<Mistake>,
    /// This host's memory.
    pub(crate) state_dir: PathBuf,
}

impl Context {
    /// Reads the configuration. Mistakes are kept, not told.
    pub(crate) fn read() -> Context {
        let euid = nix::unistd::geteuid().as_raw();
        let found = find::find(|name| std::env::var_os(name), euid);
        let mut config = understand(&found.files);
        let mut mistakes = found.mistakes;
        mistakes.append(&mut config.mistakes);
        Context { config, mistakes, state_dir: state_dir(euid, |name| std::env::var_os(name)) }
    }

    /// Opens this host's memory; what is wrong with it is one line.
    pub(crate) fn state(&self) -> Result<State, String> {
        State::open(&self.state_dir).map_err(|error| self.unusable(&error))
    }

    /// Opens this host's memory where there is any, for commands that only look.
    pub(crate) fn state_there(&self) -> Result<Option<State>, String> {
        match State::open_there(&self.state_dir) {
            Ok(state) => Ok(Some(state)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.unusable(&error)),
        }
    }

    fn unusable(&self, error: &std::io::Error) -> String {
        let (place, why) = (self.state_dir.display(), error.to_string());
        format!("cannot use the state directory `{place}`: {}", text::without_errno(&why))
    }

    /// Tells every mistake, each with what to do.
    pub(crate) fn tell_mistakes(&self) {
        for mistake in &self.mistakes {
            say::error(mistake);
            if let Some(hint) = &mistake.hint {
                say::hint(hint);
            }
        }
    }

    /// All mistakes in one line, for a run that goes on without what is wrong.
    pub(crate) fn mistakes_in_one_line(&self) -> Option<String> {
        let first = self.mistakes.first()?;
        let more = match self.mistakes.len() {
            1 => String::new(),
            count => format!(" (and {} more; `hb doctor` shows all)", count - 1),
        };
        let hint = first.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        Some(format!("{first}{hint}{more}"))
    }
}

/// `HB_STATE_DIR`, else root's, else the user's.
fn state_dir(euid: u32, env: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let set = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(chosen) = set("HB_STATE_DIR") {
        return std::path::absolute(&chosen).unwrap_or(chosen);
    }
    if euid == 0 {
        return PathBuf::from(ROOT_STATE_DIR);
    }
    if let Some(state) = set("XDG_STATE_HOME").filter(|path| path.is_absolute()) {
        return state.join("hb");
    }
    let home = set("HOME").filter(|path| path.is_absolute());
    let home = home.or_else(|| directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned()));
    // A user without a home (a container's bare uid) gets a place that goes with the machine.
    home.map_or_else(
        || std::env::temp_dir().join(format!("hb-{euid}")),
        |home| home.join(".local/state/hb"),
    )
}
