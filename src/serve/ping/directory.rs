//! Which monitor a key belongs to, and in which dialect it is spoken to.
//!
//! Keys are looked up in the store. What was found is remembered for a few seconds, because a thousand
//! monitors that ping every second would otherwise ask for the same thousand answers every second. A
//! key that is not there is never remembered: whoever has just made a monitor pings it at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::ping::mail::MailFilter;
use crate::domain::ping::{Filters, Native, Spot, native};
use crate::serve::access;
use crate::serve::app::App;
use crate::serve::healthchecks::Words;
use crate::serve::keys_used::KeysUsed;
use crate::serve::scope::Scope;
use crate::serve::secrets::{self, KeyKind};
use crate::store::monitors::{self, Found, Monitor, Named};
use crate::store::{Trouble, Tx};
use crate::sys::clock;

/// As long an answer of the store is good: a change on another node is seen after this.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// Answers that are remembered; then all are forgotten, which costs one look-up each.
const REMEMBERED_MAX: usize = 20_000;

/// A monitor that was found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    /// Its number.
    pub(crate) monitor_id: i64,
    /// How it is spoken to.
    pub(crate) dialect: String,
    /// What it makes of a ping.
    pub(crate) filters: Filters,
    /// And of a mail.
    pub(crate) mail: MailFilter,
}

/// What a key leads to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    /// A monitor.
    Monitor(Arc<Known>),
    /// Several that share a slug.
    Ambiguous,
    /// A project that has no monitor of this slug.
    Vacant {
        /// The project.
        project_id: i64,
        /// The slug.
        slug: String,
        /// Whether its key may make one.
        may_create: bool,
    },
    /// Nothing.
    Nowhere,
}

impl Place {
    /// The dialect that is spoken there.
    pub(crate) fn dialect(&self) -> &str {
        match self {
            Place::Monitor(known) => &known.dialect,
            Place::Ambiguous | Place::Vacant { .. } | Place::Nowhere => "healthchecks",
        }
    }
}

/// A dialect and a key, as one question.
type Question = (String, String);

/// What is remembered of the store's answers.
#[derive(Default)]
pub(crate) struct Directory {
    remembered: Mutex<HashMap<Question, (Instant, Arc<Known>)>>,
}

/// The parts of a key as one text: no part can hold the control character between them.
pub(crate) fn key_text(key: &[String]) -> String {
    key.join("\u{1f}")
}

/// Any dialect, in [`Directory::find`].
const ANY: &str = "";

impl Directory {
    /// The first of several readings of a path whose key is known, and where it leads.
    pub(crate) async fn place<'a>(
        &self,
        app: &App,
        spots: &'a [Spot],
    ) -> Result<Option<(Place, &'a Spot)>, Trouble> {
        for spot in spots {
            match self.find(app, ANY, &spot.key).await? {
                Place::Nowhere => {}
                place => return Ok(Some((place, spot))),
            }
        }
        Ok(None)
    }

    /// What a key leads to; with no dialect, any that shares its path with others.
    pub(crate) async fn find(
        &self,
        app: &App,
        dialect: &str,
        key: &[String],
    ) -> Result<Place, Trouble> {
        let at = (dialect.to_owned(), key_text(key));
        if let Some(known) = self.remembered(&at) {
            return Ok(Place::Monitor(known));
        }
        let (asked, parts) = (dialect.to_owned(), key.to_vec());
        let used = Arc::clone(&app.keys_used);
        let place = app.store.read(move |tx| look_up(tx, &used, &asked, &parts)).await?;
        if let Place::Monitor(known) = &place {
            self.remember(at, known);
        }
        Ok(place)
    }

    fn remembered(&self, at: &Question) -> Option<Arc<Known>> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, known) = remembered.get(at)?;
        (since.elapsed() < GOOD_FOR).then(|| Arc::clone(known))
    }

    fn remember(&self, at: Question, known: &Arc<Known>) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(at, (Instant::now(), Arc::clone(known)));
    }

    /// Forgets everything: a monitor has changed.
    pub(crate) fn forget(&self) {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn look_up(
    tx: &mut dyn Tx,
    used: &KeysUsed,
    dialect: &str,
    key: &[String],
) -> Result<Place, Trouble> {
    let text = key_text(key);
    let registered = match dialect {
        ANY => Named::Key(text),
        dialect => Named::Alias(dialect.to_owned(), text),
    };
    if let Some(Found { dialect, monitor, .. }) = monitors::look(tx, &[registered])?.first() {
        return Ok(known(monitor, dialect.as_deref().unwrap_or_default()));
    }
    let spoken = if dialect == ANY { "healthchecks" } else { dialect };
    match native(key) {
        // A UUID of ours is taken at every path, so that a client moves by changing the host's name.
        Some(Native::Uuid(uuid)) => {
            let found = monitors::look(tx, &[Named::Uuid(uuid.to_owned())])?;
            Ok(found.first().map_or(Place::Nowhere, |found| known(&found.monitor, spoken)))
        }
        Some(Native::Slug { ping_key, slug }) if matches!(dialect, ANY | "hb") => {
            let key = access::valid(tx, &secrets::hash(ping_key), clock::now())?;
            let key = key.filter(|key| key.about.kind == KeyKind::Ping.word());
            let Some(key) = key else { return Ok(Place::Nowhere) };
            let scope = Scope::of_stored(key.about.scope.as_deref());
            if !scope.has(slug) {
                return Ok(Place::Nowhere);
            }
            let project_id = key.about.project_id;
            let found = monitors::look(tx, &[Named::Slug(project_id, slug.to_owned())])?;
            used.note(key.id, clock::now());
            Ok(match found.as_slice() {
                [] => {
                    let may_create = scope.may_create(slug);
                    Place::Vacant { project_id, slug: slug.to_owned(), may_create }
                }
                [only] => known(&only.monitor, spoken),
                _ => Place::Ambiguous,
            })
        }
        Some(Native::Slug { .. }) | None => Ok(Place::Nowhere),
    }
}

fn known(monitor: &Monitor, dialect: &str) -> Place {
    Place::Monitor(Arc::new(Known {
        monitor_id: monitor.id,
        dialect: dialect.to_owned(),
        // Filters that cannot be read are none: a ping that counts too much is seen, one that is
        // ignored is not.
        filters: serde_json::from_str(&monitor.about.filters).unwrap_or_default(),
        mail: Words::parse(&monitor.about.filters).mail(),
    }))
}
