//! Many keys looked up in one go: adopted ones first, then those of our own.
//!
//! However many are asked for, the store is asked a handful of questions. The rules are those for one: a key
//! that somebody has adopted counts before a UUID or a ping key of the same project that looks the same.

use std::collections::HashMap;
use std::sync::Arc;

use super::directory::{ANY, Known, Place, key_text};
use crate::domain::ping::{Native, native};
use crate::serve::access;
use crate::serve::healthchecks::Words;
use crate::serve::keys_used::KeysUsed;
use crate::serve::scope::Scope;
use crate::serve::secrets::{self, KeyKind};
use crate::store::monitors::{self, Found, Monitor, Named};
use crate::store::projects::Key;
use crate::store::{Trouble, Tx};
use crate::sys::clock;

/// A key that was asked for, in a dialect or in any.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The dialect, or [`ANY`].
    pub(super) dialect: String,
    /// The parts of the key.
    pub(super) key: Vec<String>,
}

/// Where a key leads, and to whom that belongs.
#[derive(Clone)]
struct Lead {
    place: Place,
    project_id: Option<i64>,
}

impl Lead {
    const NOWHERE: Lead = Lead { place: Place::Nowhere, project_id: None };

    /// Whoever adopts a key says where it leads, but not where somebody else's does: a UUID or a ping key
    /// of another project stays its own.
    fn or(self, adopted: Lead) -> Place {
        let is_foreign = self.project_id.is_some() && self.project_id != adopted.project_id;
        if adopted.project_id.is_none() || is_foreign { self.place } else { adopted.place }
    }
}

/// Where each of them leads.
pub(super) fn look_up(
    tx: &mut dyn Tx,
    used: &KeysUsed,
    asked: &[Asked],
) -> Result<Vec<Place>, Trouble> {
    let mut adopted = vec![Lead::NOWHERE; asked.len()];
    let registered: Vec<Named> = asked.iter().map(registered).collect();
    for Found { which, dialect, monitor } in monitors::look(tx, &registered)? {
        if adopted[which].project_id.is_none() {
            let place = known(&monitor, dialect.as_deref().unwrap_or_default());
            adopted[which] = Lead { place, project_id: Some(monitor.project_id) };
        }
    }
    let natives = natives(tx, used, asked)?;
    Ok(natives.into_iter().zip(adopted).map(|(native, adopted)| native.or(adopted)).collect())
}

/// Where each leads as a UUID or a ping key of our own.
fn natives(tx: &mut dyn Tx, used: &KeysUsed, asked: &[Asked]) -> Result<Vec<Lead>, Trouble> {
    let mut leads = vec![Lead::NOWHERE; asked.len()];
    let (mut names, mut whose, mut keys) = (Vec::new(), Vec::new(), HashMap::new());
    for (which, one) in asked.iter().enumerate() {
        match native(&one.key) {
            // A UUID of ours is taken at every path, so that a client moves by changing the host's name.
            Some(Native::Uuid(uuid)) => names.push(Named::Uuid(uuid.to_owned())),
            Some(Native::Slug { ping_key, slug }) if matches!(one.dialect.as_str(), ANY | "hb") => {
                let Some(key) = opened(tx, &mut keys, ping_key)? else { continue };
                let scope = Scope::of_stored(key.about.scope.as_deref());
                if !scope.has(slug) {
                    continue;
                }
                let project_id = key.about.project_id;
                used.note(key.id, clock::now());
                let may_create = scope.may_create(slug);
                let place = Place::Vacant { project_id, slug: slug.to_owned(), may_create };
                leads[which] = Lead { place, project_id: Some(project_id) };
                names.push(Named::Slug(project_id, slug.to_owned()));
            }
            Some(Native::Slug { .. }) | None => continue,
        }
        whose.push(which);
    }
    for Found { which, monitor, .. } in monitors::look(tx, &names)? {
        let which = whose[which];
        let spoken = match asked[which].dialect.as_str() {
            ANY => "healthchecks",
            dialect => dialect,
        };
        let place = match &leads[which].place {
            Place::Monitor(_) | Place::Ambiguous => Place::Ambiguous,
            Place::Nowhere | Place::Vacant { .. } => known(&monitor, spoken),
        };
        leads[which] = Lead { place, project_id: Some(monitor.project_id) };
    }
    Ok(leads)
}

/// Whether a key is a UUID or a ping key of a project other than this.
pub(crate) fn is_of_another(
    tx: &mut dyn Tx,
    key: &[String],
    project_id: i64,
) -> Result<bool, Trouble> {
    let owner = match native(key) {
        Some(Native::Uuid(uuid)) => {
            let found = monitors::look(tx, &[Named::Uuid(uuid.to_owned())])?.into_iter().next();
            found.map(|found| found.monitor.project_id)
        }
        Some(Native::Slug { ping_key, .. }) => {
            opened(tx, &mut HashMap::new(), ping_key)?.map(|key| key.about.project_id)
        }
        None => None,
    };
    Ok(owner.is_some_and(|owner| owner != project_id))
}

fn registered(asked: &Asked) -> Named {
    let text = key_text(&asked.key);
    match asked.dialect.as_str() {
        ANY => Named::Key(text),
        dialect => Named::Alias(dialect.to_owned(), text),
    }
}

/// The ping key, if it is one and its time is not over; each is asked for once.
fn opened<'a>(
    tx: &mut dyn Tx,
    keys: &'a mut HashMap<String, Option<Key>>,
    ping_key: &str,
) -> Result<Option<&'a Key>, Trouble> {
    if !keys.contains_key(ping_key) {
        let key = access::valid(tx, &secrets::hash(ping_key), clock::now())?;
        let key = key.filter(|key| key.about.kind == KeyKind::Ping.word());
        keys.insert(ping_key.to_owned(), key);
    }
    Ok(keys.get(ping_key).and_then(Option::as_ref))
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
