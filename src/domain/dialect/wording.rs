//! An event in words, for bodies that a person reads.

use crate::domain::alert::Said;
use crate::domain::event::{Event, Kind};
use crate::domain::span;
use crate::domain::text::fit;

/// The message, then the tail, together at most `limit` bytes: the message keeps its place at the
/// front where there is room, and the tail loses its own front.
pub(super) fn text(event: &Event, limit: usize) -> Vec<u8> {
    let mut text = headline(event).into_bytes();
    if event.tail.is_empty() {
        return fit(&text, limit);
    }
    if !text.is_empty() {
        text.push(b'\n');
    }
    // A headline that would take more than half of a tiny body is worth less than the output.
    if text.len() > limit / 2 {
        return fit(&event.tail, limit);
    }
    let room = limit - text.len();
    text.extend_from_slice(&fit(&event.tail, room));
    text
}

/// What a person sees first.
fn headline(event: &Event) -> String {
    let mut parts = Vec::new();
    match event.kind {
        Kind::Warning => parts.push("warning".to_owned()),
        Kind::Verified => parts.push("verified".to_owned()),
        Kind::Test => parts.push("test".to_owned()),
        Kind::Start | Kind::Progress | Kind::Stage => {}
        Kind::Success | Kind::Failure | Kind::Log => {}
        Kind::Pause | Kind::Resume => {}
    }
    if let Some(percent) = event.percent {
        parts.push(format!("{percent} %"));
    }
    parts.extend(counted(event));
    parts.extend(event.stage.clone());
    let message = event.message.as_ref().filter(|message| !message.is_empty());
    parts.extend(message.cloned());
    if let (true, Some(_), Some(ms)) = (event.kind.is_finish(), message, event.elapsed_ms) {
        parts.push(format!("took {}", span::format(std::time::Duration::from_millis(ms))));
    }
    for (name, value) in event.metrics.iter() {
        parts.push(format!("{name}={value}"));
    }
    parts.join("; ")
}

/// How many of how many, where somebody counts.
fn counted(event: &Event) -> Option<String> {
    let counted = &event.counted;
    let unit = counted.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let pieces = match (counted.current, counted.total) {
        (Some(current), Some(total)) => Some(format!("{current} of {total}{unit}")),
        (Some(current), None) => Some(format!("{current}{unit}")),
        (None, _) => None,
    };
    let steps = match (counted.step, counted.steps) {
        (Some(step), Some(steps)) => Some(format!("step {step} of {steps}")),
        (Some(step), None) => Some(format!("step {step}")),
        (None, _) => None,
    };
    let both: Vec<String> = steps.into_iter().chain(pieces).collect();
    (!both.is_empty()).then(|| both.join(", "))
}

/// One line that says what happened, also where the event has no message of its own.
pub(super) fn line(event: &Event) -> String {
    if let Some(message) = event.message.as_ref().filter(|message| !message.trim().is_empty()) {
        return message.clone();
    }
    match (event.kind, event.exit_code) {
        (Kind::Success, _) => "finished well".to_owned(),
        (Kind::Warning, _) => "finished with warnings".to_owned(),
        (Kind::Failure, Some(code)) => format!("failed with exit code {code}"),
        (Kind::Failure, None) => "failed".to_owned(),
        (kind, _) => kind.word().to_owned(),
    }
}

fn failures(count: u32) -> String {
    format!("{count} failure{}", if count == 1 { "" } else { "s" })
}

/// The same with the name in front, for a person who is woken by it.
pub(super) fn summary(event: &Event) -> String {
    match event.said {
        Some(Said::Over(open)) => {
            let (count, since) = (failures(open.failures), open.since.to_short_utc());
            return format!("{} is well again after {count} since {since} UTC", event.monitor);
        }
        Some(Said::Still(open)) => {
            let (count, since) = (failures(open.failures), open.since.to_short_utc());
            let line = line(event);
            return format!("{} still fails, {count} since {since} UTC: {line}", event.monitor);
        }
        Some(Said::Told | Said::Silent) | None => {}
    }
    match event.message.as_ref().filter(|message| !message.trim().is_empty()) {
        Some(message) if event.kind == Kind::Failure => {
            format!("{} failed: {message}", event.monitor)
        }
        Some(message) => format!("{}: {message}", event.monitor),
        None => format!("{} {}", event.monitor, line(event)),
    }
}
