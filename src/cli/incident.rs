//! `hb incident`: what is bad and has been told, and that somebody is on it.
//!
//! At three in the morning nobody types a UUID: an incident is meant by its monitor, by the beginning
//! of its id, or by its id.

use std::ffi::OsString;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::receiver::{Asking, Failed, ReceiverArguments, ask, in_a_path, print};
use super::status::{MONITORS_MAX, canvas, say_more};
use super::table::{Canvas, Cell, Colour, draw, facts, one_line};
use super::{arguments, exit, flags, moments, monitor_pause, monitor_view, say};
use crate::client::answer::Object;
use crate::client::api::{Ask, Trouble};
use crate::client::pages;
use crate::domain::text;
use crate::domain::time::Moment;
use crate::sys::{clock, host};

/// Characters of an id that a table shows, and fewer that may be typed.
const SHORT_ID_CHARS: usize = 13;
const SHORT_ID_CHARS_MIN: usize = 4;

/// What is bad, and who knows.
#[derive(Args, Debug)]
pub(crate) struct IncidentArguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    receiver: ReceiverArguments,
}

/// What is done with them.
#[derive(Subcommand, Debug)]
enum Action {
    /// Show those that are open
    List {
        /// Those that are over, too
        #[arg(long)]
        all: bool,
        /// At most N [default: 1000]
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        /// The receiver's answer
        #[arg(long)]
        json: bool,
    },
    /// Show one in full
    Show {
        /// Its monitor, its id, or the beginning of that
        #[arg(value_name = "INCIDENT")]
        which: String,
        /// The receiver's answer
        #[arg(long)]
        json: bool,
    },
    /// Say that somebody is on it: it is told more seldom
    Ack {
        /// Its monitor, its id, or the beginning of that
        #[arg(value_name = "INCIDENT")]
        which: String,
        /// Who is on it [default: this user on this host]
        #[arg(long, value_name = "WHO")]
        by: Option<String>,
        /// What is being done
        #[arg(long, short = 'm', value_name = "TEXT")]
        note: Option<String>,
        /// How long that counts: 4h
        #[arg(long = "for", value_name = "TIME", conflicts_with = "until")]
        span: Option<String>,
        /// Until when that counts: `18:00`, `2026-12-24 18:00`
        #[arg(long, value_name = "MOMENT")]
        until: Option<String>,
    },
    /// Hear nothing more of it for a while
    Snooze {
        /// Its monitor, its id, or the beginning of that
        #[arg(value_name = "INCIDENT")]
        which: String,
        /// For so long: 1h
        #[arg(long = "for", value_name = "TIME", conflicts_with = "until")]
        span: Option<String>,
        /// Until then: `18:00`, `2026-12-24 18:00`
        #[arg(long, value_name = "MOMENT")]
        until: Option<String>,
    },
    /// Close it by hand
    Resolve {
        /// Its monitor, its id, or the beginning of that
        #[arg(value_name = "INCIDENT")]
        which: String,
        /// Who closes it [default: this user on this host]
        #[arg(long, value_name = "WHO")]
        by: Option<String>,
        /// What was done
        #[arg(long, short = 'm', value_name = "TEXT")]
        note: Option<String>,
    },
}

/// Runs the command.
pub(crate) fn main(words: &[OsString]) -> i32 {
    let arguments: IncidentArguments = match arguments::read("incident", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    ask(&arguments.receiver, async |asking| match arguments.action {
        Action::List { all, limit, json } => {
            list(asking, all, limit.unwrap_or(MONITORS_MAX), json).await
        }
        Action::Show { which, json } => show(asking, &which, json).await,
        Action::Ack { which, by, note, span, until } => {
            let mut body = json!({ "by": by.unwrap_or_else(somebody), "note": note });
            match (&span, &until) {
                (None, None) => {}
                _ => body["until"] = json!(end(&span, &until)?.to_rfc3339()),
            }
            act(asking, &which, "ack", "is acknowledged", &body).await
        }
        Action::Snooze { which, span, until } => {
            if span.is_none() && until.is_none() {
                return Err(Failed::usage("for how long? write `--for 1h` or `--until 18:00`"));
            }
            let body = json!({ "until": end(&span, &until)?.to_rfc3339() });
            act(asking, &which, "snooze", "is snoozed", &body).await
        }
        Action::Resolve { which, by, note } => {
            let body = json!({ "by": by.unwrap_or_else(somebody), "note": note });
            act(asking, &which, "resolve", "is closed", &body).await
        }
    })
}

/// Who types this.
fn somebody() -> String {
    format!("{}@{}", host::user(), host::name())
}

/// When something ends that was given as a span or as a moment.
fn end(span: &Option<String>, until: &Option<String>) -> Result<Moment, Failed> {
    match until {
        Some(until) => monitor_pause::moment(until),
        None => {
            let span = flags::positive("for", span).map_err(Failed::usage)?;
            Ok(clock::now().after(span.unwrap_or_default()))
        }
    }
}

async fn list(asking: &Asking, all: bool, limit: usize, json: bool) -> Result<i32, Failed> {
    let query: &[(&str, &str)] = if all { &[] } else { &[("open", "1")] };
    let mut listed = pages::list(&asking.api, &["incidents"], "incidents", query, limit).await?;
    listed.retain(|one| all || is_open(Object(one)));
    if json {
        print(&listed.json());
    } else if listed.items.is_empty() {
        say::data(if all { "no incidents yet\n" } else { "no incident is open\n" });
    } else {
        say::data(&table(&listed.items, clock::now(), canvas()));
    }
    say_more(listed.more, listed.items.len(), "incidents");
    Ok(exit::OK)
}

fn is_open(incident: Object<'_>) -> bool {
    incident.word("closed_at").is_none()
}

/// The monitors of an incident, in one text: names, or objects that hold names.
fn monitors(incident: Object<'_>) -> String {
    let slug = |value: &Value| match value {
        Value::String(name) => name.clone(),
        other => Object(other).text("slug").to_owned(),
    };
    incident.items("monitors").iter().map(slug).collect::<Vec<_>>().join(" ")
}

fn table(incidents: &[Value], now: Moment, canvas: Canvas) -> String {
    let row = |one: &Value| {
        let incident = Object(one);
        let severity = incident.text("severity");
        let stand = standing(incident, now);
        vec![
            Cell::from(short(incident.text("id"))),
            Cell::coloured(severity, is_open(incident).then(|| colour(severity))),
            Cell::from(monitors(incident)),
            Cell::from(
                incident
                    .moment("opened_at")
                    .map(|at| moments::distance(at, now))
                    .unwrap_or_default(),
            ),
            Cell::from(stand),
            Cell::from(incident.0.get("reason").map(monitor_view::plain).unwrap_or_default()),
        ]
    };
    let headings = ["incident", "severity", "monitors", "since", "and", "reason"];
    draw(&headings, &incidents.iter().map(row).collect::<Vec<_>>(), canvas)
}

fn colour(severity: &str) -> Colour {
    match severity {
        "info" => Colour::Cyan,
        "warning" => Colour::Yellow,
        _ => Colour::Red,
    }
}

/// As much of an id as tells it from others: ids begin with their time.
fn short(id: &str) -> String {
    id.chars().take(SHORT_ID_CHARS).collect()
}

/// Whether it is over, and who knows.
fn standing(incident: Object<'_>, now: Moment) -> String {
    if let Some(closed) = incident.moment("closed_at") {
        let lasted = incident.moment("opened_at").map(|opened| closed.since(opened));
        let lasted = lasted.map(|span| format!("after {}", moments::rough(span)));
        return format!("over {}", lasted.unwrap_or_default()).trim_end().to_owned();
    }
    if let Some(until) = incident.moment("snoozed_until").filter(|until| *until > now) {
        return format!("snoozed until {}", moments::local(until));
    }
    match (incident.word("acknowledged_at"), incident.word("acknowledged_by")) {
        (None, _) => String::new(),
        (Some(_), None) => "acknowledged".to_owned(),
        (Some(_), Some(by)) => format!("acknowledged by {by}"),
    }
}

async fn show(asking: &Asking, which: &str, json: bool) -> Result<i32, Failed> {
    let id = find(asking, which).await?;
    let answer = asking.api.ask(Ask::get(&["incidents", &id])).await?;
    if json {
        print(&answer.bytes);
        return Ok(exit::OK);
    }
    let (incident, now) = (Object(&answer.value), clock::now());
    let moment = |name: &str| {
        let moment = incident.moment(name);
        moment.map(|at| format!("{} ({})", moments::local(at), moments::distance(at, now)))
    };
    let rows = [
        ("incident", incident.text("id").to_owned()),
        ("monitors", monitors(incident)),
        ("severity", incident.text("severity").to_owned()),
        ("reason", incident.0.get("reason").map(monitor_view::plain).unwrap_or_default()),
        ("opened", moment("opened_at").unwrap_or_default()),
        ("closed", moment("closed_at").unwrap_or_default()),
        ("and", if is_open(incident) { standing(incident, now) } else { String::new() }),
        ("note", incident.text("note").to_owned()),
        ("resolved", resolved(incident)),
        ("told", deliveries(incident)),
    ];
    say::data(&facts(&rows));
    Ok(exit::OK)
}

/// Who closed it by hand, and why.
fn resolved(incident: Object<'_>) -> String {
    let by = incident.word("resolved_by").map(|by| format!("by {by}"));
    let words = [by.as_deref(), incident.word("resolved_note")];
    words.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// Who was told through which channel, and who was not reached.
fn deliveries(incident: Object<'_>) -> String {
    let one = |value: &Value| {
        let delivery = Object(value);
        let words = ["what", "channel", "state", "last_error"].map(|name| delivery.text(name));
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        let at = delivery.moment("sent_at").or_else(|| delivery.moment("created_at"));
        let at = at.map(moments::local).unwrap_or_default();
        one_line(&format!("{at} {}", words.join(" ")))
    };
    incident.items("deliveries").iter().map(one).collect::<Vec<_>>().join("\n")
}

async fn act(
    asking: &Asking,
    which: &str,
    verb: &str,
    done: &str,
    body: &Value,
) -> Result<i32, Failed> {
    let id = find(asking, which).await?;
    let answer = asking.api.ask(Ask::post(&["incidents", &id, verb], body)).await?;
    let incident = Object(&answer.value);
    let of = Some(monitors(incident)).filter(|names| !names.is_empty());
    let of = of.map(|names| format!(" of {}", one_line(&names))).unwrap_or_default();
    say::data(&format!("the incident{of} {done}\n"));
    Ok(exit::OK)
}

/// The id of the incident that was meant.
async fn find(asking: &Asking, which: &str) -> Result<String, Failed> {
    in_a_path(which)?;
    match asking.api.ask(Ask::get(&["incidents", which])).await {
        Ok(answer) => return Ok(Object(&answer.value).word("id").unwrap_or(which).to_owned()),
        Err(Trouble::Missing(_) | Trouble::Refused { .. }) => {}
        Err(trouble) => return Err(trouble.into()),
    }
    let listed =
        pages::list(&asking.api, &["incidents"], "incidents", &[], MONITORS_MAX).await?.items;
    chosen(&listed, which)
        .map_err(|why| Failed::because(why).hint("`hb incident list` shows those that are open"))
}

/// Which of these a word means: a monitor's open incident first, then the beginning of an id.
fn chosen(listed: &[Value], which: &str) -> Result<String, String> {
    let shown = text::excerpt(which.as_bytes());
    let is_of = |incident: Object<'_>| monitors(incident).split(' ').any(|name| name == which);
    let begins = |incident: Object<'_>| {
        which.len() >= SHORT_ID_CHARS_MIN && incident.text("id").starts_with(which)
    };
    let incidents = || listed.iter().map(Object);
    let of: Vec<&str> =
        incidents().filter(|one| is_open(*one) && is_of(*one)).map(|one| one.text("id")).collect();
    let found = match of.is_empty() {
        true => incidents().filter(|one| begins(*one)).map(|one| one.text("id")).collect(),
        false => of,
    };
    match found.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => Err(format!("no incident is meant by `{shown}`")),
        several => Err(format!("`{shown}` may be {} incidents; say more of its id", several.len())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{chosen, table};
    use crate::cli::table::Canvas;
    use crate::domain::time::Moment;

    #[test]
    fn an_incident_is_meant_by_its_monitor_or_the_beginning_of_its_id() {
        let listed = [
            json!({"id": "0190aaaa-1", "monitors": ["nightly"]}),
            json!({"id": "0190aaab-2", "monitors": [{"slug": "hourly"}, {"slug": "poll"}]}),
            json!({"id": "0190bbbb-3", "monitors": ["nightly"], "closed_at": "2026-03-29T01:00:00Z"}),
        ];
        for (which, expected) in [
            ("nightly", Ok("0190aaaa-1")),
            ("poll", Ok("0190aaab-2")),
            ("0190b", Ok("0190bbbb-3")),
            ("0190aaaa-1", Ok("0190aaaa-1")),
            ("0190a", Err("`0190a` may be 2 incidents; say more of its id")),
            ("019", Err("no incident is meant by `019`")),
            ("night", Err("no incident is meant by `night`")),
        ] {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(chosen(&listed, which), expected, "{which}");
        }
    }

    #[test]
    fn an_incident_is_one_line() {
        let now = Moment::parse_rfc3339("2026-03-29T03:00:00Z").unwrap();
        let listed = [
            json!({"id": "0190aaaa-bbbb-7ccc", "monitors": ["a", "b"], "severity": "critical",
                "opened_at": "2026-03-29T01:00:00Z", "acknowledged_at": "2026-03-29T02:00:00Z",
                "acknowledged_by": "dba", "reason": "no success\nby 03:00"}),
            json!({"id": "0190bbbb-bbbb-7ccc", "monitors": ["c"], "severity": "warning",
                "opened_at": "2026-03-29T01:00:00Z", "closed_at": "2026-03-29T01:30:00Z"}),
        ];
        let expected = "\
incident       severity  monitors  since   and                  reason
0190aaaa-bbbb  critical  a b       2h ago  acknowledged by dba  no success by 03:00
0190bbbb-bbbb  warning   c         2h ago  over after 30m
";
        assert_eq!(table(&listed, now, Canvas::default()), expected);
    }
}
