//! The receiver and its clock: one process or two on one store. Each can be killed and started again,
//! frozen and thawed; the clock that they go by can be put forward and back; and a write can fail, or end
//! well and nobody hear of it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::Chance;
use crate::domain::time::Moment;
use crate::notify::outbound::{Outbound, Policy};
use crate::serve::GivenKeys;
use crate::serve::app::App;
use crate::serve::log::{Form, Level, Log};
use crate::serve::run::{Changeable, Settings};
use crate::serve::{blind, neighbours, quiet};
use crate::store::nodes;
use crate::store::{Alone, Place, Store, Trouble, Tx, due};

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

/// A process of the receiver.
pub(super) struct Node {
    pub(super) is_up: bool,
    /// It is not up and not dead: it goes on where it was.
    pub(super) is_frozen: bool,
    /// How often it was started.
    pub(super) starts: u32,
    /// When its checker and its alerter look next, by the true time.
    pub(super) look_at: Option<i64>,
    pub(super) claim_at: Option<i64>,
    app: App,
    /// Its last mark that was committed, by the receiver's clock.
    marked_at: Option<i64>,
    /// Since when it runs undisturbed.
    pub(super) since: i64,
    /// It was disturbed, and has not looked at its clock since.
    is_unaware: bool,
}

/// The receiver, and the time.
pub(super) struct World {
    pub(super) chance: Chance,
    /// The true time, in milliseconds.
    pub(super) now: i64,
    /// How much the receiver's clock is ahead. Nodes go by the clock of their store.
    pub(super) skew: i64,
    pub(super) nodes: Vec<Node>,
    /// When nobody watched, by the receiver's clock.
    pub(super) blind: Vec<(i64, i64)>,
    /// What happened, where it is noted.
    pub(super) trace: Vec<String>,
    is_traced: bool,
    store: Alone,
    /// The last mark of any of them.
    marked_at: Option<i64>,
}

fn settings(place: Place) -> Settings {
    Settings {
        listen: Vec::new(),
        listen_default: None,
        tls: None,
        smtp: None,
        watched_by: None,
        place,
        data_dir: PathBuf::new(),
        changeable: Changeable::default(),
        reread: Box::new(|| Err("nothing to read again".to_owned())),
        ca_file: None,
        allow_commands: false,
        keys: GivenKeys::default(),
        log: Log { level: Level::Error, form: Form::Text, write: |_| {} },
    }
}

/// A process that has just begun: nothing is remembered but what the store has.
fn begin(is_alone: bool) -> App {
    static OUTBOUND: OnceLock<Arc<Outbound>> = OnceLock::new();
    let outbound = OUTBOUND.get_or_init(|| Arc::new(Outbound::new(&Policy::default()).unwrap()));
    let outbound = Arc::clone(outbound);
    let place = match is_alone {
        true => Place::Sqlite(PathBuf::new()),
        // Only what it says of other nodes counts; nobody connects to it.
        false => Place::Postgres(String::new()),
    };
    let settings = settings(place);
    let app = App::through(&settings, Store::nowhere(), outbound, "http://x", String::new());
    app.map_err(|stopped| stopped.why).unwrap()
}

impl World {
    /// A receiver that was just started for the first time.
    pub(super) fn new(seed: u64, is_traced: bool) -> World {
        let mut chance = Chance(seed);
        let count = if chance.one_in(3) { 2 } else { 1 };
        let node = || Node {
            is_up: true,
            is_frozen: false,
            starts: 0,
            look_at: None,
            claim_at: None,
            app: begin(count == 1),
            marked_at: None,
            since: BEGIN,
            is_unaware: false,
        };
        let mut world = World {
            chance,
            now: BEGIN,
            skew: 0,
            nodes: (0..count).map(|_| node()).collect(),
            blind: Vec::new(),
            trace: Vec::new(),
            is_traced,
            store: Alone::new(),
            marked_at: None,
        };
        for place in 0..count {
            world.start(place);
        }
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

    /// The nodes that run.
    pub(super) fn up(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|place| self.nodes[*place].is_up).collect()
    }

    /// One of them, by chance; none where none runs.
    pub(super) fn any_up(&mut self) -> Option<usize> {
        let up = self.up();
        (!up.is_empty()).then(|| self.chance.pick(&up))
    }

    /// Kills it or freezes it, some seconds after its last mark.
    pub(super) fn stop(&mut self, place: usize, is_frozen: bool) {
        self.mark_as_always();
        let node = &mut self.nodes[place];
        (node.is_up, node.is_frozen) = (false, is_frozen);
    }

    /// Starts it.
    pub(super) fn start(&mut self, place: usize) {
        let is_alone = self.nodes.len() == 1;
        let node = &mut self.nodes[place];
        node.app = begin(is_alone);
        node.starts += 1;
        self.runs_again(place);
        // The first thing that it does is a mark; then it reads what is planned.
        self.mark(place);
    }

    /// It could not run for a while and does again: what it does first is left to chance.
    pub(super) fn thaw(&mut self, place: usize) {
        self.runs_again(place);
        self.nodes[place].is_unaware = true;
    }

    fn runs_again(&mut self, place: usize) {
        let node = &mut self.nodes[place];
        (node.is_up, node.is_frozen, node.since) = (true, false, self.now);
        (node.look_at, node.claim_at) = (None, None);
    }

    /// Puts the clock somewhere else.
    pub(super) fn jump(&mut self, skew: i64) {
        self.skew = skew;
        for node in &mut self.nodes {
            (node.since, node.is_unaware) = (self.now, true);
            (node.look_at, node.claim_at) = (None, None);
        }
    }

    /// The marks that everybody would have written every few seconds since the last one.
    fn mark_as_always(&mut self) {
        for place in 0..self.nodes.len() {
            let at = self.now - self.chance.below(5_000);
            let wall = at + self.skew;
            let node = &mut self.nodes[place];
            let is_old = node.marked_at.is_none_or(|marked| (wall - marked).abs() > 9_000);
            if !node.is_up || node.is_unaware || at <= node.since || !is_old {
                continue;
            }
            // Nothing can be found out by that, so it is written without looking.
            let (id, seen_at) = (node.app.watch.node().to_owned(), Moment(wall));
            let row = nodes::Node { id, started_at: seen_at, seen_at };
            self.store.write(|tx| nodes::mark(tx, &row)).unwrap();
            node.app.watch.marked(seen_at);
            node.marked_at = Some(wall);
            self.marked_at = self.marked_at.max(Some(wall));
        }
    }

    /// The mark of this moment, with a look at the others and at what is planned; says whether those may
    /// have to be told who were left alone.
    pub(super) fn mark(&mut self, place: usize) -> bool {
        self.mark_as_always();
        let (app, now) = (&self.nodes[place].app, Moment(self.wall()));
        let marked = self.store.write(|tx| {
            blind::mark(tx, &app.watch, now)?;
            neighbours::look(tx, app.watch.node(), now)
        });
        marked.unwrap();
        self.saw(place);
        self.refresh(place)
    }

    /// Reads the plans of maintenance, if there are others.
    pub(super) fn refresh(&mut self, place: usize) -> bool {
        let (app, now) = (&self.nodes[place].app, Moment(self.wall()));
        let known = app.quiet.number();
        let newer = self.store.read(|tx| quiet::newer(tx, known)).unwrap();
        let Some((number, plans)) = newer else { return false };
        app.quiet.take(number, &plans);
        self.store.write(|tx| due::wake_untold(tx, now)).unwrap();
        true
    }

    /// What a write that was kept may have found: one that only sends does not look whether anybody has
    /// watched, and one that failed has looked and the store does not know.
    fn noticed(&mut self, place: usize) {
        let node = &self.nodes[place];
        let looked_at = node.app.watch.marked_at().epoch_ms();
        if looked_at == self.wall() {
            return self.saw(place);
        }
        let was_blind = |marked: &i64| node.is_unaware && looked_at - marked > BLIND_AFTER;
        if let Some(marked) = self.marked_at.filter(was_blind)
            && self.blind.last() != Some(&(marked, looked_at))
        {
            self.blind.push((marked, looked_at));
        }
    }

    /// Somebody watches at this moment.
    fn saw(&mut self, place: usize) {
        let wall = self.wall();
        if let Some(marked) = self.marked_at.filter(|marked| wall - marked > BLIND_AFTER) {
            self.blind.push((marked, wall));
            self.note(|| format!("blind since {}", Moment(marked).to_rfc3339()));
        }
        self.marked_at = Some(wall);
        let node = &mut self.nodes[place];
        (node.marked_at, node.is_unaware) = (Some(wall), false);
    }

    /// One write of a node, as it ends.
    pub(super) fn write<T>(
        &mut self,
        place: usize,
        fate: Fate,
        op: impl FnOnce(&mut dyn Tx, &App, Moment) -> Result<T, Trouble>,
    ) -> Ended<T> {
        assert!(self.nodes[place].is_up);
        self.mark_as_always();
        let (app, wall) = (&self.nodes[place].app, self.wall());
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
                self.noticed(place);
                Ended { made: Some(made), is_heard: fate == Fate::Kept }
            }
        }
    }

    /// Whether the store takes a write.
    pub(super) fn takes(
        &mut self,
        place: usize,
        op: impl FnOnce(&mut dyn Tx, &App, Moment) -> Result<(), Trouble>,
    ) -> bool {
        let (app, wall) = (&self.nodes[place].app, self.wall());
        self.store.write(|tx| op(tx, app, Moment(wall))).is_ok()
    }

    /// How much of a stretch nobody watched, by the receiver's clock.
    pub(super) fn blind_within(&self, from: i64, until: i64) -> i64 {
        let shared = |(one, other): &(i64, i64)| (until.min(*other) - from.max(*one)).max(0);
        self.blind.iter().map(shared).sum()
    }

    /// Looks at what is committed.
    pub(super) fn read<T>(&mut self, op: impl FnOnce(&mut dyn Tx) -> Result<T, Trouble>) -> T {
        self.store.read(op).unwrap()
    }
}
