//! The receiver and its clock. It can be killed and started again, frozen and thawed, its clock put
//! forward and back, and a write can fail or end well and nobody hear of it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::Chance;
use crate::domain::time::Moment;
use crate::notify::outbound::{Outbound, Policy};
use crate::serve::GivenKeys;
use crate::serve::app::App;
use crate::serve::blind;
use crate::serve::log::{Form, Level, Log};
use crate::serve::run::{Changeable, Settings};
use crate::store::nodes::{self, Node};
use crate::store::{Alone, Place, Store, Trouble, Tx};

/// Where time begins, 2026-11-18.
pub(super) const BEGIN: i64 = 1_794_960_000_000;

/// Without a mark for longer than this nobody has watched.
const BLIND_AFTER: i64 = 15_000;

/// What becomes of a write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fate {
    /// It is committed, and whoever asked hears so.
    Kept,
    /// Nothing of it is.
    Failed,
    /// It is committed, and nobody hears so.
    Unheard,
}

/// How a write ended.
pub(super) struct Ended<T> {
    /// What it came to, if it was committed.
    pub(super) made: Option<T>,
    /// Whether whoever asked was told.
    pub(super) is_heard: bool,
}

/// The receiver, and the time.
pub(super) struct World {
    pub(super) chance: Chance,
    /// The true time, in milliseconds.
    pub(super) now: i64,
    /// How much the receiver's clock is ahead.
    pub(super) skew: i64,
    pub(super) is_up: bool,
    /// How often it was started.
    pub(super) starts: u32,
    /// When nobody watched, by the receiver's clock.
    pub(super) blind: Vec<(i64, i64)>,
    /// What happened, where it is noted.
    pub(super) trace: Vec<String>,
    is_traced: bool,
    app: App,
    store: Alone,
    /// The last mark that was committed, by the receiver's clock.
    marked_at: Option<i64>,
    /// Since when it runs undisturbed.
    since: i64,
    /// It was disturbed, and has not looked at its clock since.
    is_unaware: bool,
}

fn settings() -> Settings {
    Settings {
        listen: Vec::new(),
        listen_default: None,
        tls: None,
        smtp: None,
        place: Place::Sqlite(PathBuf::new()),
        data_dir: PathBuf::new(),
        changeable: Changeable::default(),
        reread: Box::new(|| Err("nothing to read again".to_owned())),
        allow_commands: false,
        keys: GivenKeys::default(),
        log: Log { level: Level::Error, form: Form::Text, write: |_| {} },
    }
}

/// A process that has just begun: nothing is remembered but what the store has.
fn begin() -> App {
    static OUTBOUND: OnceLock<Arc<Outbound>> = OnceLock::new();
    let outbound = OUTBOUND.get_or_init(|| Arc::new(Outbound::new(&Policy::default()).unwrap()));
    let outbound = Arc::clone(outbound);
    let app = App::through(&settings(), Store::nowhere(), outbound, "http://x", String::new());
    app.map_err(|stopped| stopped.why).unwrap()
}

impl World {
    /// A receiver that was just started for the first time.
    pub(super) fn new(seed: u64, is_traced: bool) -> World {
        let mut world = World {
            chance: Chance(seed),
            now: BEGIN,
            skew: 0,
            is_up: true,
            starts: 0,
            blind: Vec::new(),
            trace: Vec::new(),
            is_traced,
            app: begin(),
            store: Alone::new(),
            marked_at: None,
            since: BEGIN,
            is_unaware: false,
        };
        world.start();
        world
    }

    /// The receiver's clock.
    pub(super) fn wall(&self) -> i64 {
        self.now + self.skew
    }

    /// Notes what happens, where anybody is going to read it.
    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        if self.is_traced {
            self.trace.push(format!("{} {}", Moment(self.now).to_rfc3339(), what()));
        }
    }

    /// Kills it, some seconds after its last mark.
    pub(super) fn kill(&mut self) {
        self.mark_as_always();
        self.is_up = false;
    }

    /// Starts it.
    pub(super) fn start(&mut self) {
        self.app = begin();
        self.starts += 1;
        self.is_up = true;
        self.since = self.now;
        // The first thing that it does is a mark.
        self.mark();
    }

    /// It could not run for a while and does again: what it does first is left to chance.
    pub(super) fn thaw(&mut self) {
        self.is_up = true;
        self.since = self.now;
        self.is_unaware = true;
    }

    /// Puts its clock somewhere else.
    pub(super) fn jump(&mut self, skew: i64) {
        self.skew = skew;
        self.since = self.now;
        self.is_unaware = true;
    }

    /// The marks that it would have written every few seconds since the last one.
    fn mark_as_always(&mut self) {
        let at = self.now - self.chance.below(5_000);
        let wall = at + self.skew;
        let is_old = self.marked_at.is_none_or(|marked| (wall - marked).abs() > 9_000);
        if self.is_unaware || at <= self.since || !is_old {
            return;
        }
        // Nothing can be found out by that, so it is written without looking.
        let seen_at = Moment(wall);
        let node = Node { id: self.app.watch.node().to_owned(), started_at: seen_at, seen_at };
        self.store.write(|tx| nodes::mark(tx, &node)).unwrap();
        self.app.watch.marked(seen_at);
        self.marked_at = Some(wall);
    }

    /// The mark of this moment.
    pub(super) fn mark(&mut self) {
        let (app, wall) = (&self.app, self.wall());
        self.store.write(|tx| blind::mark(tx, &app.watch, Moment(wall))).unwrap();
        self.saw(wall);
    }

    /// Somebody watches at this moment of the receiver's clock.
    fn saw(&mut self, wall: i64) {
        if let Some(marked) = self.marked_at.filter(|marked| wall - marked > BLIND_AFTER) {
            self.blind.push((marked, wall));
            self.note(|| format!("blind since {}", Moment(marked).to_rfc3339()));
        }
        self.marked_at = Some(wall);
        self.is_unaware = false;
    }

    /// One write of the receiver, as it ends.
    pub(super) fn write<T>(
        &mut self,
        fate: Fate,
        op: impl FnOnce(&mut dyn Tx, &App, Moment) -> Result<T, Trouble>,
    ) -> Ended<T> {
        assert!(self.is_up);
        self.mark_as_always();
        let (app, wall) = (&self.app, self.wall());
        let written = self.store.write(|tx| {
            let made = op(tx, app, Moment(wall))?;
            match fate {
                Fate::Failed => Err(Trouble::Unavailable("as it was to be".to_owned())),
                Fate::Kept | Fate::Unheard => Ok(made),
            }
        });
        match (written, fate) {
            (Err(_), Fate::Failed) => Ended { made: None, is_heard: false },
            (Err(trouble), _) => panic!("the store: {trouble}"),
            (Ok(made), _) => {
                if self.marked_at.is_none_or(|marked| wall - marked > BLIND_AFTER) {
                    self.saw(wall);
                }
                Ended { made: Some(made), is_heard: fate == Fate::Kept }
            }
        }
    }

    /// Looks at what is committed.
    pub(super) fn read<T>(&mut self, op: impl FnOnce(&mut dyn Tx) -> Result<T, Trouble>) -> T {
        self.store.read(op).unwrap()
    }
}
