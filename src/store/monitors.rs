//! Monitors: what people say about them and what hb found out, loaded and saved many at a time.
//!
//! Loading for a change locks the rows until the commit, in the order of their numbers. Saving is
//! conditional on the version that was loaded, so that nobody's change is lost even where somebody
//! forgot to lock: the whole operation is refused then.

use super::queries::monitors as sql;
use super::tx::{Trouble, Tx, Value};
use super::{Page, damaged, texts_json};
use crate::domain::time::Moment;

/// One monitor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Monitor {
    /// Its number.
    pub(crate) id: i64,
    /// Whose it is.
    pub(crate) project_id: i64,
    /// What it is called in ping URLs.
    pub(crate) uuid: String,
    /// What people say about it.
    pub(crate) about: About,
    /// When it was made.
    pub(crate) created_at: Moment,
    /// When people last changed it.
    pub(crate) updated_at: Moment,
    /// How often it was changed, by anybody.
    pub(crate) version: i64,
    /// What hb found out.
    pub(crate) live: Live,
    /// What of its row makes no sense, if anything does not.
    pub(crate) damage: Option<String>,
}

/// What people say about a monitor.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct About {
    /// Its name in URLs; two monitors of a project may share it.
    pub(crate) slug: String,
    /// Its name for people.
    pub(crate) name: String,
    /// What it is, for people.
    pub(crate) description: String,
    /// Whose it is, for people.
    pub(crate) owner: String,
    /// Words to find it by.
    pub(crate) tags: Vec<String>,
    /// When it is to be heard of, as JSON.
    pub(crate) rules: String,
    /// Which pings count as what, as JSON.
    pub(crate) filters: String,
    /// Where alerts go, as JSON.
    pub(crate) channels: String,
    /// How much it matters.
    pub(crate) priority: String,
    /// Who made it: `api`, `ping` or `file`.
    pub(crate) source: String,
}

/// What hb found out about a monitor; written for every ping.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Live {
    /// Everything that the next step needs, as JSON.
    pub(crate) state: String,
    /// The word that is shown.
    pub(crate) status: String,
    /// When the checker has something to do here; what is stored may be a little earlier.
    pub(crate) wake_at: Option<Moment>,
    /// When it is expected.
    pub(crate) due_at: Option<Moment>,
    /// When its absence becomes an alarm.
    pub(crate) deadline_at: Option<Moment>,
    /// When it last went well.
    pub(crate) last_success_at: Option<Moment>,
    /// When it was last heard of.
    pub(crate) last_event_at: Option<Moment>,
    /// When the run that is open began.
    pub(crate) started_at: Option<Moment>,
    /// How often it was heard of.
    pub(crate) event_count: u64,
    /// What is open about it.
    pub(crate) incident_id: Option<String>,
}

/// A monitor to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewMonitor {
    /// Whose it is.
    pub(crate) project_id: i64,
    /// What it is called in ping URLs.
    pub(crate) uuid: String,
    /// What people say about it.
    pub(crate) about: About,
    /// What hb starts with.
    pub(crate) live: Live,
}

/// How a monitor is named by whoever asks for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Named {
    /// By its number.
    Id(i64),
    /// By its uuid.
    Uuid(String),
    /// By its slug in a project.
    Slug(i64, String),
    /// By a dialect and a key of that service.
    Alias(String, String),
    /// By a key of whichever service.
    Key(String),
}

/// A monitor that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    /// The place in the question of the name that led here.
    pub(crate) which: usize,
    /// The dialect of the key that led here.
    pub(crate) dialect: Option<String>,
    /// The monitor.
    pub(crate) monitor: Monitor,
}

/// What a page of monitors is to hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    /// Only those with this slug.
    pub(crate) slug: Option<String>,
    /// Only those with all of these tags.
    pub(crate) tags: Vec<String>,
}

/// Makes a monitor; gives its number. A uuid that is taken is a conflict.
pub(crate) fn insert(tx: &mut dyn Tx, new: &NewMonitor, now: Moment) -> Result<i64, Trouble> {
    let mut values = vec![Value::Int(new.project_id), Value::from(&new.uuid)];
    values.extend(about_values(&new.about));
    values.extend([Value::from(now), Value::from(now)]);
    values.extend(live_values(&new.live));
    super::one(tx.rows(sql::INSERT, &values)?)?.int()
}

/// Changes what people say about a monitor of this version.
pub(crate) fn update_about(
    tx: &mut dyn Tx,
    (id, version): (i64, i64),
    about: &About,
    now: Moment,
) -> Result<(), Trouble> {
    let mut values = vec![Value::Int(id), Value::Int(version)];
    values.extend(about_values(about));
    values.push(Value::from(now));
    all_saved(tx.run(sql::UPDATE_ABOUT, &values)?, 1)
}

/// Saves what hb found out about many monitors, each of the version that was loaded.
pub(crate) fn save(
    tx: &mut dyn Tx,
    monitors: &[(i64, i64, &Live)],
    now: Moment,
) -> Result<(), Trouble> {
    let rows: Vec<Vec<Value>> = monitors
        .iter()
        .map(|(id, version, live)| {
            let mut values = Vec::with_capacity(13);
            values.extend([Value::Int(*id), Value::Int(*version)]);
            values.extend(live_values(live));
            values.push(Value::from(now));
            values
        })
        .collect();
    all_saved(tx.run_many(&sql::SAVE, &rows)?, rows.len())
}

fn all_saved(saved: u64, wanted: usize) -> Result<(), Trouble> {
    if saved == wanted as u64 {
        return Ok(());
    }
    Err(Trouble::Overtaken)
}

/// The monitors that these names lead to, locked until the commit: a name may lead to none, and a
/// slug or a bare key to several. In the order of the names.
pub(crate) fn load(tx: &mut dyn Tx, names: &[Named]) -> Result<Vec<Found>, Trouble> {
    let places = resolve(tx, names)?;
    fetch(tx, places, true)
}

/// As [`load`], without locks: for looking.
pub(crate) fn look(tx: &mut dyn Tx, names: &[Named]) -> Result<Vec<Found>, Trouble> {
    let places = resolve(tx, names)?;
    fetch(tx, places, false)
}

/// Where a name leads.
struct Lead {
    which: usize,
    dialect: Option<String>,
    id: i64,
}

fn resolve(tx: &mut dyn Tx, names: &[Named]) -> Result<Vec<Lead>, Trouble> {
    let mut leads = Vec::with_capacity(names.len());
    let [mut uuids, mut slugs, mut aliases, mut keys] = [const { Vec::new() }; 4];
    for (which, name) in names.iter().enumerate() {
        match name {
            Named::Id(id) => leads.push(Lead { which, dialect: None, id: *id }),
            Named::Uuid(uuid) => uuids.push((which, vec![Value::from(uuid)])),
            Named::Slug(project_id, slug) => {
                slugs.push((which, vec![Value::Int(*project_id), Value::from(slug)]));
            }
            Named::Alias(dialect, key) => {
                aliases.push((which, vec![Value::from(key), Value::from(dialect)]));
            }
            Named::Key(key) => keys.push((which, vec![Value::from(key)])),
        }
    }
    for (many, asked, has_dialect) in [
        (&sql::BY_UUID, uuids, false),
        (&sql::BY_SLUG, slugs, false),
        (&sql::BY_ALIAS, aliases, true),
        (&sql::BY_KEY, keys, true),
    ] {
        let (places, rows): (Vec<usize>, Vec<Vec<Value>>) = asked.into_iter().unzip();
        for (place, mut row) in tx.rows_many(many, &rows)? {
            let id = row.int()?;
            let dialect = if has_dialect { Some(row.text()?) } else { None };
            leads.push(Lead { which: places[place], dialect, id });
        }
    }
    leads.sort_by_key(|lead| lead.which);
    Ok(leads)
}

fn fetch(tx: &mut dyn Tx, leads: Vec<Lead>, is_locking: bool) -> Result<Vec<Found>, Trouble> {
    let mut ids: Vec<i64> = leads.iter().map(|lead| lead.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows: Vec<Vec<Value>> = ids.iter().map(|id| vec![Value::Int(*id)]).collect();
    let many = if is_locking { &sql::LOAD } else { &sql::LOOK };
    let mut monitors = std::collections::HashMap::with_capacity(rows.len());
    for (place, row) in tx.rows_many(many, &rows)? {
        monitors.insert(ids[place], damaged::monitor(row)?);
    }
    let is_one_each = leads.len() == ids.len();
    let found = leads.into_iter().filter_map(|lead| {
        // One that was removed between the two questions is not there.
        let monitor = match is_one_each {
            true => monitors.remove(&lead.id)?,
            false => monitors.get(&lead.id)?.clone(),
        };
        Some(Found { which: lead.which, dialect: lead.dialect, monitor })
    });
    Ok(found.collect())
}

/// Monitors of a project in the order in which they were made, from behind `after`.
pub(crate) fn page(
    tx: &mut dyn Tx,
    project_id: i64,
    filter: &Filter,
    after: Option<i64>,
    limit: u32,
) -> Result<Page<Monitor>, Trouble> {
    let slug = filter.slug.clone().unwrap_or_default();
    let tag = filter.tags.first().map(|tag| texts_json(&[tag])).unwrap_or_default();
    // The tag as it stands in the list: with its quotes, without the list's brackets.
    let tag = tag.trim_start_matches('[').trim_end_matches(']');
    let params = [
        Value::Int(project_id),
        Value::Int(after.unwrap_or(0)),
        Value::Text(slug),
        Value::from(tag),
        Value::Int(i64::from(limit) + 1),
    ];
    let mut names = Vec::new();
    for mut row in tx.rows(sql::PAGE, &params)? {
        names.push(Named::Id(row.int()?));
    }
    let next = super::cut(&mut names, limit, |name| match name {
        Named::Id(id) => *id,
        _ => 0,
    });
    let rows = look(tx, &names)?.into_iter().map(|found| found.monitor);
    let has_all =
        |monitor: &Monitor| filter.tags.iter().all(|tag| monitor.about.tags.contains(tag));
    Ok(Page { rows: rows.filter(has_all).collect(), next })
}

/// Monitors that are read at once by [`all`].
const PIECE: u32 = 1000;

/// All monitors of a project, in the order in which they were made.
pub(crate) fn all(
    tx: &mut dyn Tx,
    project_id: i64,
    filter: &Filter,
) -> Result<Vec<Monitor>, Trouble> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = page(tx, project_id, filter, after, PIECE)?;
        found.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}

/// How many monitors of each project have each status.
pub(crate) fn counts(tx: &mut dyn Tx) -> Result<Vec<(i64, String, u64)>, Trouble> {
    let rows = tx.rows(sql::COUNTS, &[])?;
    rows.into_iter().map(|mut row| Ok((row.int()?, row.text()?, row.count()?))).collect()
}

/// Removes a monitor with its keys, incidents and deliveries at once; its events, outputs and
/// changes are out of reach, and retention sweeps them out piece by piece.
pub(crate) fn delete(tx: &mut dyn Tx, id: i64, now: Moment) -> Result<bool, Trouble> {
    let removed = tx.run(sql::DELETE, &[Value::Int(id)])? > 0;
    tx.run(sql::DELETE_ALIASES, &[Value::Int(id)])?;
    tx.run(super::queries::followers::UNFOLLOW, &[Value::Int(id)])?;
    tx.run(super::queries::incidents::DELETE_OF_MONITOR, &[Value::Int(id)])?;
    tx.run(super::queries::deliveries::DELETE_OF_MONITOR, &[Value::Int(id)])?;
    tx.run(sql::INSERT_REMOVAL, &[Value::Int(id), Value::from(now)])?;
    Ok(removed)
}

fn about_values(about: &About) -> [Value; 10] {
    [
        Value::from(&about.slug),
        Value::from(&about.name),
        Value::from(&about.description),
        Value::from(&about.owner),
        Value::Text(texts_json(&about.tags)),
        Value::from(&about.rules),
        Value::from(&about.filters),
        Value::from(&about.channels),
        Value::from(&about.priority),
        Value::from(&about.source),
    ]
}

fn live_values(live: &Live) -> [Value; 10] {
    [
        Value::from(&live.state),
        Value::from(&live.status),
        Value::from(live.wake_at),
        Value::from(live.due_at),
        Value::from(live.deadline_at),
        Value::from(live.last_success_at),
        Value::from(live.last_event_at),
        Value::from(live.started_at),
        Value::from(live.event_count),
        Value::from(live.incident_id.as_ref()),
    ]
}
