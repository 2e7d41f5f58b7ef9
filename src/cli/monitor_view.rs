//! How monitors, their runs and their events look. Pure.

use serde_json::Value;

use super::moments::{distance, local, rough};
use super::status_view::{colour, pause};
use super::table::{Canvas, Cell, Colour, draw, facts, one_line};
use crate::client::answer::Object;
use crate::domain::span;
use crate::domain::time::Moment;

/// The table of monitors as they are defined.
pub(crate) fn table(monitors: &[Value], canvas: Canvas) -> String {
    let headings = ["monitor", "status", "schedule", "grace", "owner", "tags"];
    let row = |one: &Value| {
        let monitor = Object(one);
        let status = monitor.text("status");
        vec![
            Cell::from(monitor.text("slug")),
            Cell::coloured(status, Some(colour(status))),
            Cell::from(schedule(monitor)),
            Cell::from(monitor.span("grace").map(rough).unwrap_or_default()),
            Cell::from(monitor.text("owner")),
            Cell::from(monitor.texts("tags").join(" ")),
        ]
    };
    draw(&headings, &monitors.iter().map(row).collect::<Vec<_>>(), canvas)
}

/// `0 3 * * * Europe/Berlin`; what is counted from the last success goes by no clock.
fn schedule(monitor: Object<'_>) -> String {
    let Some(schedule) = monitor.word("schedule") else { return String::new() };
    match monitor.word("timezone").filter(|_| !schedule.starts_with("every")) {
        Some(zone) => format!("{schedule} {zone}"),
        None => schedule.to_owned(),
    }
}

/// One monitor with everything that a person asks about it.
pub(crate) fn full(monitor: Object<'_>, now: Moment, coloured: bool) -> String {
    let moment = |name: &str| {
        monitor.moment(name).map(|at| format!("{} ({})", local(at), distance(at, now)))
    };
    let span_of = |name: &str| monitor.span(name).map(span::format).unwrap_or_default();
    let status = monitor.text("status");
    let name = monitor.word("name").filter(|name| *name != monitor.text("slug"));
    let pause = monitor.object("pause").map(pause).unwrap_or_default();
    let channels = match monitor.0.get("channels") {
        Some(Value::Array(channels)) if channels.is_empty() => "none, so nobody is told".to_owned(),
        Some(Value::Array(_)) => monitor.texts("channels").join(" "),
        Some(_) | None => "all of the project".to_owned(),
    };
    let rows = [
        ("monitor", monitor.text("slug").to_owned()),
        ("name", name.unwrap_or_default().to_owned()),
        ("status", status.to_owned()),
        ("fault", monitor.text("fault").to_owned()),
        ("last run", last_run(monitor)),
        ("running", running(monitor, now)),
        ("paused", pause),
        ("last success", moment("last_success_at").unwrap_or_else(|| "never".to_owned())),
        ("last event", moment("last_event_at").unwrap_or_default()),
        ("due", moment("due_at").unwrap_or_default()),
        ("deadline", deadline(monitor, moment("deadline_at"))),
        ("schedule", schedule(monitor)),
        ("which is", monitor.text("explanation").to_owned()),
        ("grace", span_of("grace")),
        ("starts within", span_of("start_within")),
        ("runs at most", span_of("run_at_most")),
        ("tolerance", monitor.whole("tolerance").map(|n| n.to_string()).unwrap_or_default()),
        ("waits for", absence(monitor)),
        ("owner", monitor.text("owner").to_owned()),
        ("description", monitor.text("description").to_owned()),
        ("tags", monitor.texts("tags").join(" ")),
        ("channels", channels),
        ("ping URL", monitor.text("ping_url").to_owned()),
    ];
    let text = facts(&rows);
    let shown = one_line(status);
    match text.find("\nstatus:") {
        Some(at) if coloured && !shown.is_empty() => {
            let (before, line) = text.split_at(at + 1);
            format!("{before}{}", line.replacen(&shown, &colour(status).paint(&shown), 1))
        }
        Some(_) | None => text,
    }
}

/// When it is missed; where it waits for its host, at the earliest.
fn deadline(monitor: Object<'_>, at: Option<String>) -> String {
    match (at, monitor.text("presence")) {
        (Some(at), "host") => format!("{at}, later where its host sleeps"),
        (at, _) => at.unwrap_or_default(),
    }
}

/// Whether its host is waited for: `its host, for 14d at most`. What is said for the case that it were is
/// not shown.
fn absence(monitor: Object<'_>) -> String {
    let most = monitor.span("absent_at_most").filter(|_| monitor.text("presence") == "host");
    most.map(|most| format!("its host, for {} at most", span::format(most))).unwrap_or_default()
}

/// How the last run went: `failed with exit code 3`.
fn last_run(monitor: Object<'_>) -> String {
    let Some(facts) = monitor.object("facts") else { return String::new() };
    let code = facts.whole("exit_code").map(|code| format!("with exit code {code}"));
    let doubts = Some(facts.texts("quality").join(", ")).filter(|doubts| !doubts.is_empty());
    let words = [facts.word("last").map(str::to_owned), code, doubts];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The runs that go on.
fn running(monitor: Object<'_>, now: Moment) -> String {
    let Some(facts) = monitor.object("facts") else { return String::new() };
    let one = |value: &Value| {
        let run = Object(value);
        let since = run.moment("started_at");
        let since = since.map(|at| format!(" since {} ({})", local(at), distance(at, now)));
        let is = run.word("is").unwrap_or("running");
        format!("{}: {is}{}", run.word("run_id").unwrap_or("a run"), since.unwrap_or_default())
    };
    facts.items("runs").iter().map(one).collect::<Vec<_>>().join("\n")
}

/// A value as a person writes it.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => one_line(text),
        Value::Object(_) | Value::Array(_) => one_line(&value.to_string()),
        other => other.to_string(),
    }
}

/// The table of runs, the newest first.
pub(crate) fn runs(runs: &[Value], canvas: Canvas) -> String {
    let headings = ["started", "outcome", "took", "exit", "run"];
    let row = |one: &Value| {
        let run = Object(one);
        let outcome = run.word("outcome").unwrap_or("running");
        let started = run.moment("started_at").or_else(|| run.moment("ended_at"));
        vec![
            Cell::from(started.map(local).unwrap_or_default()),
            Cell::coloured(outcome, Some(outcome_colour(outcome))),
            Cell::from(took(run)),
            Cell::from(run.whole("exit_code").map(|code| code.to_string()).unwrap_or_default()),
            Cell::from(run.word("run_id").unwrap_or(run.text("id"))),
        ]
    };
    draw(&headings, &runs.iter().map(row).collect::<Vec<_>>(), canvas)
}

fn took(run: Object<'_>) -> String {
    let between = || Some(run.moment("ended_at")?.since(run.moment("started_at")?));
    run.span("duration_s").or_else(between).map(span::format).unwrap_or_default()
}

/// The colour of an outcome, in the words of several services.
fn outcome_colour(outcome: &str) -> Colour {
    match outcome {
        "success" | "succeeded" | "ok" | "verified" => Colour::Green,
        "warning" | "partial" | "unknown" => Colour::Yellow,
        "running" | "start" | "progress" | "stage" | "log" | "test" => Colour::Cyan,
        _ => Colour::Red,
    }
}

/// The table of events, the newest first.
pub(crate) fn events(events: &[Value], canvas: Canvas) -> String {
    let headings = ["at", "event", "took", "exit", "told by", "message"];
    let row = |one: &Value| {
        let event = Object(one);
        let kind = event.text("kind");
        let kind = match event.texts("notes").contains(&"ignored") {
            true => Cell::from(format!("{kind} (ignored)")),
            false => Cell::coloured(kind, Some(outcome_colour(kind))),
        };
        let at = event.moment("at").or_else(|| event.moment("received_at"));
        vec![
            Cell::from(at.map(local).unwrap_or_default()),
            kind,
            Cell::from(event.span("duration_s").map(span::format).unwrap_or_default()),
            Cell::from(event.whole("exit_code").map(|code| code.to_string()).unwrap_or_default()),
            Cell::from(event.text("dialect")),
            Cell::from(event.text("message")),
        ]
    };
    draw(&headings, &events.iter().map(row).collect::<Vec<_>>(), canvas)
}

/// One run with its output.
pub(crate) fn run(run: Object<'_>) -> String {
    let moment = |name: &str| run.moment(name).map(local).unwrap_or_default();
    let metrics: Vec<String> = run
        .members("metrics")
        .map(|(name, value)| format!("{} = {}", one_line(name), plain(value)))
        .collect();
    let rows = [
        ("run", run.word("run_id").unwrap_or(run.text("id")).to_owned()),
        ("monitor", run.text("monitor").to_owned()),
        ("started", moment("started_at")),
        ("ended", moment("ended_at")),
        ("outcome", run.word("outcome").unwrap_or("running").to_owned()),
        ("took", took(run)),
        ("exit", run.whole("exit_code").map(|code| code.to_string()).unwrap_or_default()),
        ("message", run.text("message").to_owned()),
        ("metrics", metrics.join("\n")),
    ];
    let mut out = facts(&rows);
    if let Some(output) = run.word("output") {
        out.push_str("output:\n");
        for line in output.lines() {
            let line = crate::domain::text::without_controls(line).replace('\t', "    ");
            out.push_str(&format!("  {line}\n"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{events, full, run, runs};
    use crate::cli::table::Canvas;
    use crate::client::answer::Object;
    use crate::domain::time::Moment;

    #[test]
    fn a_monitor_in_full_leaves_out_what_is_not_known() {
        let value = json!({"slug": "nightly", "name": "nightly", "status": "failed", "grace": 5400,
            "schedule": "0 3 * * *", "timezone": "Europe/Berlin", "tags": ["backup", "prod"],
            "facts": {"schedule": "missed", "last": "failed", "exit_code": 3, "quality": [],
                "runs": [{"run_id": "r7", "is": "running"}]},
            "channels": [], "owner": "db\u{1b}a",
            "ping_url": "http://h/hb/x"});
        let now = Moment::from_epoch_ms(0);
        let expected = "\
monitor:       nightly
status:        failed
last run:      failed with exit code 3
running:       r7: running
last success:  never
schedule:      0 3 * * * Europe/Berlin
grace:         1h 30m
owner:         db\\x1ba
tags:          backup prod
channels:      none, so nobody is told
ping URL:      http://h/hb/x
";
        assert_eq!(full(Object(&value), now, false), expected);
        let coloured = full(Object(&value), now, true);
        assert_eq!(coloured, expected.replacen("failed", "\x1b[31mfailed\x1b[0m", 1));
    }

    #[test]
    fn runs_and_events_are_one_line_each() {
        let some =
            [json!({"run_id": "r", "outcome": "failure", "exit_code": 3, "duration_s": 90.5})];
        let expected = "outcome  took    exit  run\nfailure  1m 30s  3     r\n";
        assert_eq!(runs(&some, Canvas::default()), expected);
        let some = [json!({"kind": "failure", "dialect": "hb", "message": "disk\nfull\u{7}"})];
        let expected = "event    told by  message\nfailure  hb       disk full\\x07\n";
        assert_eq!(events(&some, Canvas::default()), expected);
        let some = [json!({"kind": "failure", "notes": ["late", "ignored"]})];
        assert_eq!(events(&some, Canvas::default()), "event\nfailure (ignored)\n");
        let one = json!({"run_id": "r", "output": "a\tb\n\u{1b}[31mc", "metrics": {"size": 3}});
        let expected = "\
run:      r
outcome:  running
metrics:  size = 3
output:
  a    b
  \\x1b[31mc
";
        assert_eq!(run(Object(&one)), expected);
    }
}
