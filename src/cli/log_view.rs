//! How runs look: a table, one run in full, JSON. Pure: records in, text out.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use super::moments::local;
use crate::domain::record::{Delivery, Record, TargetRef};
use crate::domain::{size, span, text, unix_signal};

/// Columns of a message in the table.
const MESSAGE_CHARS: usize = 60;

/// The table: one line per run.
pub(crate) fn table(rows: &[(&Record, &'static str)], heading: bool, coloured: bool) -> String {
    let widest = rows.iter().map(|(record, _)| record.begun.monitor.chars().count()).max();
    let width = widest.unwrap_or(0).clamp(7, 40);
    let mut out = String::new();
    if heading {
        let _ = writeln!(
            out,
            "{:<19}  {:<width$}  {:<8}  {:>8}  {:>4}  what",
            "started", "monitor", "outcome", "took", "exit"
        );
    }
    for (record, status) in rows {
        let ending = record.ending.as_ref();
        let took = ending.map(|ending| span::format(Duration::from_millis(ending.elapsed_ms)));
        let exit = ending.and_then(|ending| ending.exit_code).map(|code| code.to_string());
        let message = ending.map(|ending| ending.message.as_str()).unwrap_or_default();
        let message = cut(&text::printable(message.as_bytes()));
        let waiting = waiting(record);
        let status = colour(&format!("{status:<8}"), status, coloured);
        let monitor = text::printable(record.begun.monitor.as_bytes());
        let _ = writeln!(
            out,
            "{}  {monitor:<width$}  {status}  {:>8}  {:>4}  {message}{waiting}",
            local(record.begun.started_at),
            took.unwrap_or_default(),
            exit.unwrap_or_default(),
        );
    }
    out
}

/// As much of a message as the table has room for; what is cut is seen to be cut.
fn cut(message: &str) -> String {
    match message.chars().nth(MESSAGE_CHARS) {
        None => message.to_owned(),
        Some(_) => {
            let start: String = message.chars().take(MESSAGE_CHARS - 1).collect();
            format!("{}…", start.trim_end())
        }
    }
}

/// A remark on deliveries that have not arrived.
fn waiting(record: &Record) -> &'static str {
    match record.told.iter().rev().find(|told| told.kind.is_finish()).map(|told| told.result) {
        Some(Delivery::Spooled) => "  (not delivered yet)",
        Some(Delivery::Refused) => "  (refused)",
        Some(Delivery::Lost) => "  (never delivered)",
        Some(Delivery::Unconfirmed) => "  (sent, not confirmed)",
        Some(Delivery::Dropped) => "  (told too late)",
        Some(Delivery::Delivered | Delivery::DeliveredAsLog) | None => "",
    }
}

fn colour(text: &str, status: &str, coloured: bool) -> String {
    let code = match status {
        "success" => 32,
        "warning" | "skipped" => 33,
        "failure" => 31,
        _ => 36,
    };
    if coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// One run with everything that is known about it.
pub(crate) fn full(record: &Record, status: &'static str) -> String {
    let begun = &record.begun;
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        // A command may have several lines; those after the first stand below it.
        let value = text::printable(value.as_bytes()).replace('\n', "\n           ");
        let _ = writeln!(out, "{:<10} {value}", format!("{name}:"));
    };
    line("run", begun.run_id.to_string());
    line("monitor", begun.monitor.clone());
    line("command", begun.command.join(" "));
    line("directory", begun.directory.clone());
    line("started", format!("{} ({})", local(begun.started_at), begun.started_at.to_rfc3339()));
    line("outcome", status.to_owned());
    if let Some(ending) = &record.ending {
        line("what", ending.message.clone());
        line("ended", local(ending.ended_at));
        line("took", span::format(Duration::from_millis(ending.elapsed_ms)));
        if let Some(code) = ending.exit_code {
            line("exit", code.to_string());
        }
        if let Some(number) = ending.unix_signal {
            line("killed by", unix_signal::name(number));
        }
        let (usage, host) = (&ending.usage, &ending.host);
        // Of a run whose end nobody saw these are not known; zeros would look like facts.
        if !host.name.is_empty() {
            // A job that was never started has used nothing.
            if record.process.is_some() || usage.rss_bytes_max > 0 {
                let cpu = usage.user_s + usage.system_s;
                let memory = size::format(usage.rss_bytes_max);
                line("used", format!("{cpu:.2} s CPU, {memory} of memory"));
            }
            line("host", format!("{}, user {}, load {:.2}", host.name, host.user, host.load[0]));
        }
        for (name, value) in ending.metrics.iter() {
            line("metric", format!("{name} = {value}"));
        }
        for (name, at_ms) in &ending.stages {
            line("stage", format!("{name}, after {}", span::format(Duration::from_millis(*at_ms))));
        }
        for (name, code) in &ending.steps {
            line("step", format!("{name}: exit {code}"));
        }
        for note in &ending.notes {
            line("note", note.clone());
        }
    }
    for told in &record.told {
        let why = told.detail.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        line("told", format!("{}: {} {}{why}", told.name, told.kind.word(), result(told.result)));
    }
    if let Some(ending) = record.ending.as_ref().filter(|ending| !ending.tail.is_empty()) {
        out.push_str("output:\n");
        for row in text::to_text(&ending.tail).lines() {
            let _ = writeln!(out, "  {}", text::printable(row.as_bytes()));
        }
    }
    out.push('\n');
    out
}

fn result(result: Delivery) -> &'static str {
    match result {
        Delivery::Delivered => "delivered",
        Delivery::Unconfirmed => "sent, not confirmed",
        Delivery::Spooled => "kept, to be sent later",
        Delivery::Refused => "refused",
        Delivery::DeliveredAsLog => "delivered late, as a log line",
        Delivery::Dropped => "too late to be told",
        Delivery::Lost => "lost",
    }
}

/// One run as an object for programs.
pub(crate) fn json(record: &Record, status: &'static str) -> Value {
    let begun = &record.begun;
    let mut object = json!({
        "run_id": begun.run_id,
        "monitor": begun.monitor,
        "outcome": status,
        "started_at": begun.started_at.to_rfc3339(),
        "command": begun.command,
        "directory": begun.directory,
        "parent_run_id": begun.parent_run_id,
        "pid": record.process.as_ref().map(|process| process.pid),
    });
    if let Some(ending) = &record.ending {
        let more = json!({
            "ended_at": ending.ended_at.to_rfc3339(),
            "duration_s": ending.elapsed_ms as f64 / 1000.0,
            "paused_s": ending.paused_ms as f64 / 1000.0,
            "reason": ending.reason,
            "message": ending.message,
            "exit_code": ending.exit_code,
            "unix_signal": ending.unix_signal,
            "core_dumped": ending.core_dumped,
            "attempts": ending.attempts,
            "usage": ending.usage,
            "host": ending.host,
            "output_bytes": { "stdout": ending.output_bytes[0], "stderr": ending.output_bytes[1] },
            "metrics": ending.metrics,
            "stages": ending.stages.iter().map(|(name, at_ms)| json!({
                "name": name, "after_s": *at_ms as f64 / 1000.0,
            })).collect::<Vec<_>>(),
            "steps": ending.steps.iter().map(|(name, code)| json!({
                "name": name, "exit_code": code,
            })).collect::<Vec<_>>(),
            "notes": ending.notes,
            "tolerated": ending.tolerated,
            "tail": text::to_text(&ending.tail),
        });
        merge(&mut object, more);
    }
    let told = record.told.iter().map(|told| {
        json!({
            "target": match &told.target {
                TargetRef::Named(name) | TargetRef::Keyed(name) => name,
                TargetRef::Address(_) => &told.name,
            },
            "event": told.kind,
            "result": told.result,
            "at": told.at.to_rfc3339(),
            "detail": told.detail,
        })
    });
    merge(&mut object, json!({ "deliveries": told.collect::<Vec<_>>() }));
    object
}

fn merge(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}
