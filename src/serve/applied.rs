//! Many monitors as they are to be: compared with those that are there, then made so, or not at all.
//!
//! First comes a plan, which reads and finds every mistake; only a plan without any is carried out, in
//! the same transaction. With a label the monitors are kept in that file from then on, and what the
//! file does not say goes back to its default. Without one, what was not said stays as it is.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::access::Caller;
use super::app::App;
use super::audit;
use super::creation;
use super::definition::{Definition, ForeignKey, StoredRules, slug_of};
use super::effects::Effects;
use super::in_file;
use super::ping::key_text;
use super::reply::Mistake;
use crate::domain::text;
use crate::domain::time::Moment;
use crate::store::aliases;
use crate::store::channels;
use crate::store::monitors::{self, Filter, Monitor, Named};
use crate::store::{Trouble, Tx};

/// What is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The monitors, as people write them.
    pub(crate) monitors: Vec<Value>,
    /// The file in which they are kept.
    pub(crate) label: Option<String>,
    /// Whether those of the file that are not in it any more are removed.
    pub(crate) is_pruning: bool,
}

/// One thing that is wrong with what is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Wrong {
    /// In which of the monitors, counted from 0.
    pub(crate) at: usize,
    /// What.
    pub(crate) mistake: Mistake,
}

/// One monitor of a plan.
struct Step {
    definition: Definition,
    known: Option<Monitor>,
    differences: Value,
}

/// What is to be done.
pub(crate) struct Plan {
    label: Option<String>,
    steps: Vec<Step>,
    removed: Vec<Monitor>,
    left: Vec<String>,
}

/// A plan, or everything that is wrong.
pub(crate) type Planned = Result<Result<Plan, Vec<Wrong>>, Trouble>;

/// The definition of a monitor with its foreign keys.
pub(crate) fn whole(tx: &mut dyn Tx, monitor: &Monitor) -> Result<Definition, Trouble> {
    let keys = aliases::of_monitor(tx, monitor.id)?;
    let keys = keys.into_iter().map(|alias| ForeignKey {
        key: alias.key.split('\u{1f}').map(str::to_owned).collect(),
        dialect: alias.dialect,
    });
    Ok(Definition { keys: Some(keys.collect()), ..creation::definition_of(tx, monitor)? })
}

/// Compares what is wanted with what is there.
pub(crate) fn plan(tx: &mut dyn Tx, caller: Caller, wanted: &Wanted, now: Moment) -> Planned {
    let all = monitors::all(tx, caller.project_id, &Filter::default())?;
    let mut by_slug: HashMap<&str, Vec<&Monitor>> = HashMap::with_capacity(all.len());
    for monitor in &all {
        by_slug.entry(monitor.about.slug.as_str()).or_default().push(monitor);
    }
    let channels = channels::of_project(tx, caller.project_id)?;
    let names: Vec<(&str, &str)> = channels
        .iter()
        .map(|channel| (channel.about.name.as_str(), channel.about.uuid.as_str()))
        .collect();
    let mut looking = Looking {
        label: wanted.label.as_deref(),
        project_id: caller.project_id,
        names,
        seen: HashMap::new(),
        now,
    };
    let (mut steps, mut wrong) = (Vec::new(), Vec::new());
    for (at, value) in wanted.monitors.iter().enumerate() {
        // As `Definition` makes it where there is none.
        let named = |member: &str| value[member].as_str().filter(|text| !text.is_empty());
        let slug = named("slug").map(str::to_owned).or_else(|| named("name").map(slug_of));
        let known = slug
            .as_ref()
            .and_then(|slug| by_slug.get(slug.as_str()))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let (step, mistakes) = looking.one(tx, value, known)?;
        wrong.extend(mistakes.into_iter().map(|mistake| Wrong { at, mistake }));
        steps.push(step);
    }
    if !wrong.is_empty() {
        return Ok(Err(wrong));
    }
    let named: Vec<&str> = steps.iter().map(|step| step.definition.slug.as_str()).collect();
    let is_gone = |monitor: &&Monitor| {
        let label = in_file::label(&monitor.about);
        label.is_some()
            && label == wanted.label.as_deref()
            && !named.contains(&monitor.about.slug.as_str())
    };
    let gone: Vec<Monitor> = all.iter().filter(is_gone).cloned().collect();
    let (removed, left) = match wanted.is_pruning {
        true => (gone, Vec::new()),
        false => (Vec::new(), gone.into_iter().map(|monitor| monitor.about.slug).collect()),
    };
    Ok(Ok(Plan { label: wanted.label.clone(), steps, removed, left }))
}

/// What is known while the monitors are looked at one after the other.
struct Looking<'a> {
    label: Option<&'a str>,
    project_id: i64,
    /// Each channel's name and its id.
    names: Vec<(&'a str, &'a str)>,
    /// Slugs and foreign keys that were named before.
    seen: HashMap<String, String>,
    now: Moment,
}

impl Looking<'_> {
    fn one(
        &mut self,
        tx: &mut dyn Tx,
        value: &Value,
        known: &[&Monitor],
    ) -> Result<(Step, Vec<Mistake>), Trouble> {
        let was = known.first().map(|monitor| whole(tx, monitor)).transpose()?;
        let base = match (&was, self.label) {
            (Some(was), None) => Definition { keys: None, ..was.clone() },
            // By which rules it is judged is no member that people write.
            (Some(was), Some(_)) => Definition {
                rules: StoredRules {
                    healthchecks: was.rules.healthchecks,
                    ..StoredRules::default()
                },
                ..Definition::default()
            },
            (None, _) => Definition::default(),
        };
        let (mut definition, mut mistakes) = base.read_all(value, self.now);
        if let Some(was) = &was {
            mistakes.retain(|mistake| !definition.upholds(mistake, value, was));
        }
        mistakes.extend(self.settle_channels(&mut definition));
        if let Some(keys) = &mut definition.keys {
            keys.sort_by(|one, other| (&one.dialect, &one.key).cmp(&(&other.dialect, &other.key)));
            keys.dedup();
        }
        let own = known.first().map(|monitor| monitor.id);
        mistakes.extend(self.taken_keys(tx, &definition, own)?);
        mistakes.extend(creation::foreign_key(tx, self.project_id, &definition)?);
        let slug = &definition.slug;
        if known.len() > 1 {
            let why =
                format!("{} monitors have the slug `{slug}`, rename all but one", known.len());
            mistakes.push(Mistake::field("slug", why));
        }
        if !slug.is_empty() && self.seen.insert(format!("slug {slug}"), slug.clone()).is_some() {
            mistakes.push(Mistake::field("slug", format!("`{slug}` stands here twice")));
        }
        let known = known.first().copied();
        let differences = self.differences(known, was, &definition);
        if let Some(label) = known.and_then(|monitor| in_file::label(&monitor.about))
            && Some(label) != self.label
            && !differences.as_object().is_none_or(Map::is_empty)
        {
            let shown = text::excerpt(label.as_bytes());
            let why = format!(
                "`{slug}` is kept in `{shown}`; `hb monitor apply --label '{shown}'` speaks for it"
            );
            mistakes.push(Mistake::field("slug", why));
        }
        Ok((Step { definition, known: known.cloned(), differences }, mistakes))
    }

    /// Channels in the order in which they were made; one that there is not is a mistake.
    fn settle_channels(&self, definition: &mut Definition) -> Vec<Mistake> {
        let Some(wanted) = &mut definition.channels else { return Vec::new() };
        let place =
            |name: &str| self.names.iter().position(|(known, id)| name == *known || name == *id);
        let unknown = wanted.iter().filter(|name| place(name).is_none());
        let mistakes = unknown
            .map(|name| {
                let shown = text::excerpt(name.as_bytes());
                Mistake::field("channels", format!("there is no channel `{shown}`"))
            })
            .collect();
        let mut places: Vec<usize> = wanted.iter().filter_map(|name| place(name)).collect();
        places.sort_unstable();
        places.dedup();
        *wanted = places.into_iter().map(|place| self.names[place].0.to_owned()).collect();
        mistakes
    }

    /// Foreign keys that lead to another monitor.
    fn taken_keys(
        &mut self,
        tx: &mut dyn Tx,
        definition: &Definition,
        own: Option<i64>,
    ) -> Result<Vec<Mistake>, Trouble> {
        let mut mistakes = Vec::new();
        for key in definition.keys.iter().flatten() {
            let text = key_text(&key.key);
            let named = Named::Alias(key.dialect.clone(), text.clone());
            let found = monitors::look(tx, &[named])?.into_iter().next();
            let other = found.map(|found| found.monitor).filter(|other| Some(other.id) != own);
            let mark = format!("key {} {text}", key.dialect);
            let before = self.seen.insert(mark, definition.slug.clone());
            let dialect = text::excerpt(key.dialect.as_bytes());
            if let Some(slug) = other.map(|other| other.about.slug).or(before) {
                let shown = text::excerpt(slug.as_bytes());
                let why = format!("a key of `{dialect}` leads to `{shown}` already");
                mistakes.push(Mistake::field("keys", why));
            }
        }
        Ok(mistakes)
    }

    /// The members that would be others.
    fn differences(
        &self,
        known: Option<&Monitor>,
        was: Option<Definition>,
        is: &Definition,
    ) -> Value {
        let (Some(known), Some(mut was)) = (known, was) else {
            return audit::difference(&json!({}), &is.written());
        };
        if is.keys.is_none() {
            was.keys = None;
        }
        let mut differences = audit::difference(&was.written(), &is.written());
        let before = in_file::label(&known.about);
        if let Some(label) = self.label
            && before != Some(label)
        {
            differences["file"] = json!({ "was": before, "is": label });
        }
        differences
    }
}

impl Plan {
    /// What is different, for people and programs.
    pub(crate) fn told(&self) -> Value {
        let (mut created, mut changed, mut unchanged) = (Vec::new(), Vec::new(), Vec::new());
        for step in &self.steps {
            let told = json!({ "slug": step.definition.slug, "differences": step.differences });
            match step.known {
                None => created.push(told),
                Some(_) if step.is_same() => {
                    unchanged.push(json!({ "slug": step.definition.slug }))
                }
                Some(_) => changed.push(told),
            }
        }
        let slug = |slug: &str| json!({ "slug": slug });
        let removed: Vec<Value> = self.removed.iter().map(|gone| slug(&gone.about.slug)).collect();
        let left: Vec<Value> = self.left.iter().map(|left| slug(left)).collect();
        json!({
            "created": created,
            "changed": changed,
            "unchanged": unchanged,
            "removed": removed,
            "left": left,
        })
    }

    /// Locks those that are to be changed or removed: pings go on changing what hb knows of them, and
    /// what people say of them must be what the plan has seen.
    pub(crate) fn lock(&mut self, tx: &mut dyn Tx) -> Result<(), Trouble> {
        let changed = self.steps.iter_mut().filter(|step| !step.is_same());
        let mut monitors: Vec<&mut Monitor> =
            changed.filter_map(|step| step.known.as_mut()).chain(&mut self.removed).collect();
        // In the order in which everybody locks.
        monitors.sort_unstable_by_key(|monitor| monitor.id);
        let names: Vec<Named> = monitors.iter().map(|monitor| Named::Id(monitor.id)).collect();
        let mut locked: HashMap<i64, Monitor> = monitors::load(tx, &names)?
            .into_iter()
            .map(|found| (found.monitor.id, found.monitor))
            .collect();
        for monitor in monitors {
            match locked.remove(&monitor.id) {
                Some(found) if found.about == monitor.about => *monitor = found,
                Some(_) | None => return Err(Trouble::Overtaken),
            }
        }
        Ok(())
    }

    /// Does it.
    pub(crate) fn carry_out(
        &self,
        tx: &mut dyn Tx,
        app: &App,
        caller: Caller,
        now: Moment,
        effects: &mut Effects,
    ) -> creation::Made<()> {
        let file = self.label.as_deref().map(in_file::source);
        for step in &self.steps {
            let (definition, slug) = (&step.definition, &step.definition.slug);
            let done = match &step.known {
                None => {
                    let source = file.as_deref().unwrap_or("api");
                    let project_id = caller.project_id;
                    creation::insert(tx, app, project_id, definition, source, now)?.map(drop)
                }
                Some(_) if step.is_same() => continue,
                Some(known) => {
                    let source = file.as_deref().unwrap_or(&known.about.source);
                    creation::replace(tx, app, known, (definition, source), now, effects)?
                }
            };
            if let Err(mistake) = done {
                return Ok(Err(mistake));
            }
            let action = if step.known.is_some() { "monitor.change" } else { "monitor.create" };
            audit::note(tx, caller, action, slug, Some(&step.differences), now)?;
        }
        for monitor in &self.removed {
            let said = whole(tx, monitor)?.written();
            audit::note(tx, caller, "monitor.remove", &monitor.about.slug, Some(&said), now)?;
            monitors::delete(tx, monitor.id, now)?;
        }
        effects.wake(Some(now));
        Ok(Ok(()))
    }
}

impl Step {
    fn is_same(&self) -> bool {
        self.differences.as_object().is_none_or(Map::is_empty)
    }
}
