//! Monitors come into being and are changed: by a person through the API, or by a job that describes itself.

use std::sync::Arc;
use std::time::Duration;

use super::alerts::Chosen;
use super::app::App;
use super::audit;
use super::definition::{Definition, StoredRules};
use super::effects::Effects;
use super::in_file;
use super::judge::{self, Judged};
use super::ping::{self, key_text};
use super::reply::Mistake;
use super::secrets;
use crate::domain::arrival;
use crate::domain::time::Moment;
use crate::domain::transition::{Input, State};
use crate::store::aliases::{self, Alias};
use crate::store::channels;
use crate::store::monitors::{self, About, Live, Monitor, Named, NewMonitor};
use crate::store::{Trouble, Tx, projects};
use crate::sys::clock;

/// What a transaction of this room gives: what was asked for, or what is wrong with it.
pub(crate) type Made<T> = Result<Result<T, Mistake>, Trouble>;

/// Makes a monitor of a project.
pub(crate) fn insert(
    tx: &mut dyn Tx,
    app: &App,
    project_id: i64,
    definition: &Definition,
    source: &str,
    now: Moment,
) -> Made<i64> {
    let chosen = match chosen(tx, project_id, definition.channels.as_deref())? {
        Ok(chosen) => chosen,
        Err(mistake) => return Ok(Err(mistake)),
    };
    if let Some(mistake) = foreign_key(tx, project_id, definition)? {
        return Ok(Err(mistake));
    }
    let about = about(definition, &chosen, "{}".to_owned(), source);
    let id = insert_about(tx, app, project_id, about, now)?;
    set_keys(tx, id, definition)?;
    Ok(Ok(id))
}

/// Makes a monitor of which this is said.
pub(crate) fn insert_about(
    tx: &mut dyn Tx,
    app: &App,
    project_id: i64,
    about: About,
    now: Moment,
) -> Result<i64, Trouble> {
    let uuid = secrets::uuid().map_err(Trouble::Unavailable)?;
    insert_named(tx, app, (project_id, uuid), about, now)
}

/// The same with a uuid that it has already.
pub(crate) fn insert_named(
    tx: &mut dyn Tx,
    app: &App,
    (project_id, uuid): (i64, String),
    about: About,
    now: Moment,
) -> Result<i64, Trouble> {
    let live = Live {
        state: serde_json::to_string(&State::new(now)).unwrap_or_default(),
        status: "new".to_owned(),
        ..Live::default()
    };
    let id = monitors::insert(tx, &NewMonitor { project_id, uuid, about, live }, now)?;
    judge_anew(tx, app, id, now, &mut Effects::default())?;
    Ok(id)
}

/// Gives a monitor another definition, and says where that is kept.
pub(crate) fn replace(
    tx: &mut dyn Tx,
    app: &App,
    monitor: &Monitor,
    (definition, source): (&Definition, &str),
    now: Moment,
    effects: &mut Effects,
) -> Made<()> {
    let chosen = match chosen(tx, monitor.project_id, definition.channels.as_deref())? {
        Ok(chosen) => chosen,
        Err(mistake) => return Ok(Err(mistake)),
    };
    let filters = monitor.about.filters.clone();
    if let Some(mistake) = foreign_key(tx, monitor.project_id, definition)? {
        return Ok(Err(mistake));
    }
    let about = about(definition, &chosen, filters, source);
    replace_about(tx, app, monitor, &about, now, effects)?;
    if definition.keys.is_some() {
        set_keys(tx, monitor.id, definition)?;
    }
    Ok(Ok(()))
}

/// Changes what is said of a monitor.
pub(crate) fn replace_about(
    tx: &mut dyn Tx,
    app: &App,
    monitor: &Monitor,
    about: &About,
    now: Moment,
    effects: &mut Effects,
) -> Result<(), Trouble> {
    if *about != monitor.about {
        monitors::update_about(tx, (monitor.id, monitor.version), about, now)?;
    }
    if about.rules != monitor.about.rules {
        judge_anew(tx, app, monitor.id, now, effects)?;
    }
    Ok(())
}

/// The rules of a monitor are others: what follows is judged by them.
fn judge_anew(
    tx: &mut dyn Tx,
    app: &App,
    id: i64,
    now: Moment,
    effects: &mut Effects,
) -> Result<(), Trouble> {
    for found in monitors::load(tx, &[Named::Id(id)])? {
        let mut judged = Judged::new(app, found.monitor, now);
        judged.step(&Input::Rules, now);
        judged.settle(tx, now, effects)?;
        judge::save(tx, vec![&judged], now)?;
    }
    Ok(())
}

/// The definition that a monitor has now.
pub(crate) fn definition_of(tx: &mut dyn Tx, monitor: &Monitor) -> Result<Definition, Trouble> {
    let chosen = Chosen::parse(&monitor.about.channels);
    let all = match chosen {
        Chosen::All => Vec::new(),
        Chosen::Some(_) => channels::of_project(tx, monitor.project_id)?,
    };
    Ok(Definition {
        slug: monitor.about.slug.clone(),
        name: monitor.about.name.clone(),
        description: monitor.about.description.clone(),
        owner: monitor.about.owner.clone(),
        tags: monitor.about.tags.clone(),
        rules: serde_json::from_str(&monitor.about.rules).unwrap_or_default(),
        channels: (!chosen.is_all(&all)).then(|| {
            chosen.told(&all).into_iter().map(|channel| channel.about.name.clone()).collect()
        }),
        keys: None,
    })
}

fn about(definition: &Definition, chosen: &Chosen, filters: String, source: &str) -> About {
    About {
        slug: definition.slug.clone(),
        name: definition.name.clone(),
        description: definition.description.clone(),
        owner: definition.owner.clone(),
        tags: definition.tags.clone(),
        rules: rules_text(&definition.rules),
        filters,
        channels: chosen.stored(),
        priority: String::new(),
        source: source.to_owned(),
    }
}

/// Rules as the store keeps them.
pub(crate) fn rules_text(rules: &StoredRules) -> String {
    serde_json::to_string(rules).unwrap_or_else(|_| "{}".to_owned())
}

fn chosen(tx: &mut dyn Tx, project_id: i64, names: Option<&[String]>) -> Made<Chosen> {
    let Some(names) = names else { return Ok(Ok(Chosen::All)) };
    let known = channels::of_project(tx, project_id)?;
    let mut uuids = Vec::new();
    for name in names {
        let found = known.iter().find(|one| one.about.name == *name || one.about.uuid == *name);
        match found {
            Some(channel) => uuids.push(channel.about.uuid.clone()),
            None => {
                let shown = crate::domain::text::excerpt(name.as_bytes());
                let why = format!("there is no channel `{shown}`");
                return Ok(Err(Mistake::field("channels", why)));
            }
        }
    }
    Ok(Ok(Chosen::Some(uuids)))
}

/// What is wrong with `keys` where one of them is the address of somebody else's monitor.
pub(crate) fn foreign_key(
    tx: &mut dyn Tx,
    project_id: i64,
    definition: &Definition,
) -> Result<Option<Mistake>, Trouble> {
    for key in definition.keys.iter().flatten() {
        if ping::is_of_another(tx, &key.key, project_id)? {
            let why = "one of `keys` is an address of another project";
            return Ok(Some(Mistake::field("keys", why)));
        }
    }
    Ok(None)
}

fn set_keys(tx: &mut dyn Tx, monitor_id: i64, definition: &Definition) -> Result<(), Trouble> {
    let keys: Vec<Alias> = definition
        .keys
        .iter()
        .flatten()
        .map(|key| Alias { dialect: key.dialect.clone(), key: key_text(&key.key) })
        .collect();
    aliases::replace(tx, monitor_id, &keys)
}

/// Members of a description that are wrong, each with the reason; they are left as they were.
pub(crate) type Untaken = Vec<(String, String)>;

/// How much older than the newest event a description may be: two runs may begin at once, and the clocks
/// of their hosts differ.
const DESCRIBED_LATE: Duration = Duration::from_secs(60);

/// Makes the monitor of a slug that nobody has made, as its first ping describes it.
pub(crate) async fn create(
    app: &Arc<App>,
    project_id: i64,
    slug: &str,
    rules: StoredRules,
    said: &arrival::Definition,
) -> Made<(i64, Untaken)> {
    let now = clock::now();
    let bare = Definition { slug: slug.to_owned(), rules, ..Definition::default() };
    let (definition, mistakes) = bare.over(said, now);
    let maker = Arc::clone(app);
    let slug = slug.to_owned();
    let made = app.store.write(move |tx| {
        // Two first pings may come at once; the second finds what the first has made.
        projects::lock(tx, project_id)?;
        let known = monitors::load(tx, &[Named::Slug(project_id, slug.clone())])?;
        match known.first() {
            Some(found) => Ok(Ok(found.monitor.id)),
            None => insert(tx, &maker, project_id, &definition, "ping", now),
        }
    });
    Ok(made.await?.map(|id| (id, untaken(app, mistakes))))
}

/// Logs what a job says wrongly of its monitor, and gives it for the answer. Its ping counts all the same.
fn untaken(app: &App, mistakes: Vec<Mistake>) -> Untaken {
    let mut untaken = Vec::new();
    for mistake in mistakes {
        let why = mistake.message().to_owned();
        app.log.warning("a job describes its monitor wrongly", &[("why", &why)]);
        untaken.extend(mistake.member().map(|member| (member.to_owned(), why)));
    }
    untaken
}

/// Lets a job describe its monitor anew, as it was when it said so: what comes late describes nothing
/// any more.
pub(crate) async fn update(
    app: &Arc<App>,
    monitor_id: i64,
    said: &arrival::Definition,
    at: Option<Moment>,
) -> Result<Untaken, Trouble> {
    let (maker, said) = (Arc::clone(app), said.clone());
    let updated = app.store.write(move |tx| {
        let now = clock::now();
        let Some(found) = monitors::load(tx, &[Named::Id(monitor_id)])?.into_iter().next() else {
            return Ok((Vec::new(), Effects::default()));
        };
        let late_after = found.monitor.live.last_event_at.map(|last| last.before(DESCRIBED_LATE));
        if at.is_some() && at < late_after {
            return Ok((Vec::new(), Effects::default()));
        }
        let known = definition_of(tx, &found.monitor)?;
        let mut effects = Effects::default();
        let (wanted, mut mistakes) = known.clone().over(&said, now);
        if let Some(why) = in_file::why(&found.monitor.about) {
            let changed = audit::difference(&known.written(), &wanted.written());
            let changed = changed.as_object().into_iter().flatten();
            mistakes.extend(changed.map(|(member, _)| Mistake::field(member, why.clone())));
        } else if wanted != known {
            let wanted = (&wanted, found.monitor.about.source.as_str());
            let replaced = replace(tx, &maker, &found.monitor, wanted, now, &mut effects)?;
            mistakes.extend(replaced.err());
        }
        Ok((mistakes, effects))
    });
    let (mistakes, effects) = updated.await?;
    app.done(&effects);
    Ok(untaken(app, mistakes))
}
