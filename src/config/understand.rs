//! Lays the files over each other: the layers become one `Config`.
//!
//! The first layer is the strongest, member by member: a user may change the `grace` of a
//! monitor and leave its other settings to `/etc`. Only here can be said whether a target has
//! an address and whether a name in `to` means one, because the answer may be in another file.
//!
//! Nothing wrong is ever fatal here. What is wrong is left out, and told, all of it at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::config::dialects::{self, Wrong};
use crate::config::file::{self, FileTree};
use crate::config::find::ConfigFile;
use crate::config::mistake::Mistake;
use crate::config::notes::{MISTAKES_MAX, Note};
use crate::config::settings::Settings;
use crate::config::target::{ServerConfig, TargetConfig, TargetDraft};
use crate::config::url;
use crate::domain::dialect::Dialect;
use crate::domain::nearest::nearest;

/// Everything that the files say.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Config {
    /// What holds for every monitor.
    pub(crate) defaults: Settings,
    /// The targets that can be used, by name.
    pub(crate) targets: BTreeMap<String, TargetConfig>,
    /// The receiver whose management API is asked.
    pub(crate) server: ServerConfig,
    /// The dialects that the files define, by name.
    pub(crate) dialects: BTreeMap<String, Dialect>,
    /// The monitors that the files mention, by name.
    pub(crate) monitors: BTreeMap<String, Settings>,
    /// All mistakes: file by file, the strongest first, and in the order of lines.
    pub(crate) mistakes: Vec<Mistake>,
    /// What works, but should be different; in the same order.
    pub(crate) warnings: Vec<Mistake>,
}

impl Config {
    /// A monitor's settings, with the defaults where it has none of its own. A monitor that no
    /// file mentions has the defaults.
    pub(crate) fn settings_for(&self, monitor: &str) -> Settings {
        let own = self.monitors.get(monitor).cloned().unwrap_or_default();
        own.over(self.defaults.clone())
    }
}

/// Understands the files, the strongest first.
pub(crate) fn understand(files: &[ConfigFile]) -> Config {
    let mut config = Config::default();
    if files.is_empty() {
        return config;
    }
    let mut trees: Vec<FileTree> = files.iter().map(file::read).collect();
    let mut drafts: BTreeMap<String, (usize, TargetDraft)> = BTreeMap::new();
    let mut dialects: BTreeMap<String, Option<Dialect>> = BTreeMap::new();
    let mut server = TargetDraft::default();
    for (layer, tree) in trees.iter_mut().enumerate() {
        server = server.over(std::mem::take(&mut tree.server));
        config.defaults =
            std::mem::take(&mut config.defaults).over(std::mem::take(&mut tree.defaults));
        for (name, lower) in std::mem::take(&mut tree.monitors) {
            let settings = match config.monitors.remove(&name) {
                Some(upper) => upper.over(lower),
                None => lower,
            };
            config.monitors.insert(name, settings);
        }
        for (name, dialect) in std::mem::take(&mut tree.dialects) {
            dialects.entry(name).or_insert(dialect);
        }
        for (name, mut lower) in std::mem::take(&mut tree.targets) {
            lower.with.values_mut().for_each(|(_, _, its_layer)| *its_layer = layer);
            let draft = match drafts.remove(&name) {
                Some((upper_layer, upper)) => (upper_layer, upper.over(lower)),
                None => (layer, lower),
            };
            drafts.insert(name, draft);
        }
    }
    config.server = ServerConfig { url: server.url, options: server.options };
    // A target that was dropped is known by name, so that naming it is no second mistake.
    let known: BTreeSet<String> = drafts.keys().cloned().collect();
    settle_targets(drafts, &dialects, &mut trees, &mut config);
    check_dialects(&dialects, &mut trees);
    config.dialects = dialects.into_iter().filter_map(|(name, own)| Some((name, own?))).collect();
    check_references(&known, &mut trees);
    drop_unknown(&mut config);
    for (file, tree) in files.iter().zip(trees) {
        config.mistakes.extend(told(&file.path, tree.mistakes, "mistakes"));
        config.warnings.extend(told(&file.path, tree.warnings, "warnings"));
    }
    config
}

/// Drafts with an address become targets; one without is a mistake in its strongest file.
fn settle_targets(
    drafts: BTreeMap<String, (usize, TargetDraft)>,
    dialects: &BTreeMap<String, Option<Dialect>>,
    trees: &mut [FileTree],
    config: &mut Config,
) {
    for (name, (layer, mut draft)) in drafts {
        let mut wrong = Vec::new();
        let usable = dialects::settle(&name, &mut draft, layer, dialects, &mut wrong);
        for Wrong { line, layer, message, hint } in wrong {
            trees[layer].mistakes.push(Note { line, offset: 0, message, hint });
        }
        if !usable {
            continue;
        }
        if let Some(url) = draft.url {
            let with = draft.with.into_iter().map(|(key, (value, ..))| (key, value)).collect();
            let target = TargetConfig { name: name.clone(), url, with, options: draft.options };
            config.targets.insert(name, target);
        } else if !draft.url_dropped {
            let message = format!("target `{name}` has no `url`");
            let note = Note { line: draft.line, offset: 0, message, hint: None };
            trees[layer].mistakes.push(note);
        }
    }
}

/// Every name in `dialect` must be a built-in dialect or one of some file.
fn check_dialects(own: &BTreeMap<String, Option<Dialect>>, trees: &mut [FileTree]) {
    let mut names: Vec<&str> = Dialect::names().collect();
    names.extend(own.keys().map(String::as_str));
    for tree in trees {
        for reference in &tree.dialect_references {
            if names.contains(&reference.name.as_str()) {
                continue;
            }
            let room = tree.mistakes.len() < MISTAKES_MAX;
            let near = if room { nearest(&reference.name, names.iter().copied()) } else { None };
            tree.mistakes.push(Note {
                line: reference.line,
                offset: reference.offset,
                message: format!("unknown `{}` in `dialect`", reference.name.escape_debug()),
                hint: Some(match near {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => "`man hb-dialects` lists them; your own is `[dialects.NAME]`".into(),
                }),
            });
        }
    }
}

/// Every name in `to` must be a target of some file.
fn check_references(known: &BTreeSet<String>, trees: &mut [FileTree]) {
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    for tree in trees {
        for reference in &tree.references {
            if known.contains(&reference.name) {
                continue;
            }
            let room = tree.mistakes.len() < MISTAKES_MAX;
            let near = if room { nearest(&reference.name, names.iter().copied()) } else { None };
            tree.mistakes.push(Note {
                line: reference.line,
                offset: reference.offset,
                message: format!("unknown target `{}`", reference.name),
                hint: near.map(|name| format!("did you mean `{name}`?")),
            });
        }
    }
}

/// Takes names without a target out of every `to`. A list that is empty only because of that
/// counts as not written, so that the defaults hold; an empty list that a person wrote
/// means that nothing is sent.
fn drop_unknown(config: &mut Config) {
    let targets = &config.targets;
    for settings in config.monitors.values_mut().chain([&mut config.defaults]) {
        let Some(to) = &mut settings.to else { continue };
        let before = to.len();
        to.retain(|entry| url::is_meant(entry) || targets.contains_key(entry));
        if to.is_empty() && before > 0 {
            settings.to = None;
        }
    }
}

/// The notes of one file in the order of its lines, as many as anybody reads.
fn told(file: &Path, mut notes: Vec<Note>, what: &str) -> Vec<Mistake> {
    notes.sort_by_key(|note| (note.line, note.offset));
    let more = notes.len().saturating_sub(MISTAKES_MAX);
    notes.truncate(MISTAKES_MAX);
    let told = notes.into_iter().map(|note| Mistake {
        file: file.to_owned(),
        line: note.line,
        message: note.message,
        hint: note.hint,
    });
    let mut told: Vec<Mistake> = told.collect();
    if more > 0 {
        let line = told.last().map_or(0, |last| last.line);
        let message = format!("{more} more {what} below are not shown");
        told.push(Mistake { line, ..Mistake::of_file(file, message) });
    }
    told
}
