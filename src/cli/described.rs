//! The monitor as its job describes it: flags over configuration into what a receiver is told.
//!
//! Everything is checked here, so that a schedule that cannot be met is heard of where it is written and
//! not in the log of a server.

use std::time::Duration;

use super::flags::{positive, read, time};
use super::run_arguments::MonitorArguments;
use crate::config::settings::Settings;
use crate::domain::arrival::{DESCRIPTION_BYTES_MAX, Definition, LABEL_BYTES_MAX, TAGS_MAX};
use crate::domain::event::check_lease;
use crate::domain::monitor::{PRESENCES, TOLERANCE_MAX};
use crate::domain::schedule::Line;
use crate::domain::{span, text};
use crate::run::lease::LEASE;
use crate::sys::{clock, zone};

/// What the monitor is; none where nothing is said of it.
pub(crate) fn definition(
    flags: &MonitorArguments,
    settings: &Settings,
) -> Result<Option<Box<Definition>>, String> {
    let named = |name: &str| zone::named(name).map(|_| name.to_owned());
    let timezone = read("timezone", &flags.timezone, named)?.or_else(|| settings.timezone.clone());
    let schedule = match &flags.schedule {
        Some(text) => Some(schedule(text, timezone.as_deref())?),
        None => settings.schedule.clone(),
    };
    let tags = flags.tag.iter().map(|tag| checked("tag", tag, LABEL_BYTES_MAX));
    let tags = tags.collect::<Result<Vec<_>, _>>()?;
    if tags.len() > TAGS_MAX {
        return Err(format!("`--tag` is given more than {TAGS_MAX} times"));
    }
    let tags = if tags.is_empty() { settings.tags.clone().unwrap_or_default() } else { tags };
    if let Some(many) = flags.tolerance.filter(|many| *many > TOLERANCE_MAX) {
        return Err(format!("`--tolerance` is at most {TOLERANCE_MAX}, not `{many}`"));
    }
    let seconds = |flag: &str, given: &Option<String>| {
        // The receiver counts whole seconds.
        time(flag, given)?.map_or(Ok(None), |span| match span.subsec_nanos() {
            0 => Ok(Some(span)),
            _ => Err(format!("`--{flag}` is whole seconds")),
        })
    };
    let more = |flag: &str, given| positive(flag, given).and_then(|_| seconds(flag, given));
    let shown = |span: Option<Duration>| span.map(span::format);
    let definition = Definition {
        schedule,
        timezone,
        grace: shown(seconds("grace", &flags.grace)?.or(settings.grace)),
        owner: word("owner", &flags.owner, LABEL_BYTES_MAX)?.or_else(|| settings.owner.clone()),
        description: word("description", &flags.description, DESCRIPTION_BYTES_MAX)?
            .or_else(|| settings.description.clone()),
        tags,
        run_at_most: shown(more("run-at-most", &flags.run_at_most)?.or(settings.run_at_most)),
        start_within: shown(more("start-within", &flags.start_within)?.or(settings.start_within)),
        tolerance: flags.tolerance.or(settings.tolerance),
        presence: read("presence", &flags.presence, presence)?
            .or_else(|| settings.presence.clone()),
        absent_at_most: shown(
            more("absent-at-most", &flags.absent_at_most)?.or(settings.absent_at_most),
        ),
        name: None,
    };
    Ok((definition != Definition::default()).then(|| Box::new(definition)))
}

/// For how long a receiver may do without a word of a run; none: nothing is promised.
pub(crate) fn lease(
    flags: &MonitorArguments,
    settings: &Settings,
) -> Result<Option<Duration>, String> {
    let given = time("lease", &flags.lease)?
        .map(|span| check_lease(span).map_err(|why| format!("`--lease` {why}")))
        .transpose()?;
    let lease = given.or(settings.lease).unwrap_or(LEASE);
    Ok((!lease.is_zero()).then_some(lease))
}

/// After how long without any work a job has come to a halt; none: nobody looks.
pub(crate) fn stalled_after(
    flags: &MonitorArguments,
    settings: &Settings,
) -> Result<Option<Duration>, String> {
    Ok(positive("stalled-after", &flags.stalled_after)?.or(settings.stalled_after))
}

/// Whose presence counts.
fn presence(word: &str) -> Result<String, String> {
    match PRESENCES.contains(&word) {
        true => Ok(word.to_owned()),
        false => Err(format!("it is {}", PRESENCES.join(" or "))),
    }
}

/// A schedule that comes true some day.
fn schedule(text: &str, timezone: Option<&str>) -> Result<String, String> {
    let wrong = |why: &str, hint: Option<String>| {
        let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("`--schedule`: bad schedule `{}`: {why}{hint}", text::excerpt(text.as_bytes()))
    };
    let line = Line::parse(None, text).map_err(|fault| wrong(&fault.why, fault.hint))?;
    let zone = match line.zone.as_deref().or(timezone) {
        Some(name) => zone::named(name).map_err(|why| wrong(&why, None))?,
        None => zone::of_this_host(),
    };
    match line.schedule.next(clock::now(), &zone) {
        Some(_) => Ok(text.to_owned()),
        None => Err(wrong("it never comes true", None)),
    }
}

/// A word that says something, in at most so many bytes.
fn word(flag: &str, given: &Option<String>, most: usize) -> Result<Option<String>, String> {
    given.as_ref().map(|word| checked(flag, word, most)).transpose()
}

fn checked(flag: &str, word: &str, most: usize) -> Result<String, String> {
    match word.trim() {
        "" => Err(format!("`--{flag}` is empty; leave it out, and what the receiver knows stays")),
        word if word.len() > most => Err(format!("`--{flag}` is longer than {most} bytes")),
        word => Ok(word.to_owned()),
    }
}
