//! How a receiver's monitors look: the words of their statuses, the summary, the table. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::moments::{distance, local};
use super::status::Picture;
use super::table::{Canvas, Cell, Colour, draw, one_line};
use crate::client::answer::Object;
use crate::domain::text;
use crate::domain::time::Moment;

/// What a status means to somebody who looks for trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Somebody should look.
    Bad,
    /// It may become bad, or nobody knows yet.
    Open,
    /// As it should be.
    Well,
    /// Nobody wants to hear of it.
    Off,
}

/// The standing of each status. A word that this hb does not know yet is worth a look.
pub(crate) fn standing(status: &str) -> Standing {
    match status {
        "up" | "running" | "new" => Standing::Well,
        "late" | "partial" | "unknown" => Standing::Open,
        "paused" => Standing::Off,
        _ => Standing::Bad,
    }
}

/// The colour of a status.
pub(crate) fn colour(status: &str) -> Colour {
    match standing(status) {
        Standing::Bad => Colour::Red,
        Standing::Open => Colour::Yellow,
        Standing::Well if status == "up" => Colour::Green,
        Standing::Well | Standing::Off => Colour::Cyan,
    }
}

/// Whether anything is bad: by the receiver's own counts, and by its open incidents.
pub(crate) fn is_bad(status: &Value) -> bool {
    let status = Object(status);
    let counts = |(word, count): (&str, &Value)| {
        standing(word) == Standing::Bad && count.as_u64().is_some_and(|count| count > 0)
    };
    status.members("monitors").any(counts) || status.whole("incidents_open").unwrap_or(0) > 0
}

/// `1 failed, 12 up; 2 incidents are open`, and what the receiver itself did not see.
pub(crate) fn summary(place: &str, status: &Value) -> String {
    let status = Object(status);
    let mut counts: Vec<(&str, u64)> = status
        .members("monitors")
        .filter_map(|(word, count)| Some((word, count.as_u64().filter(|count| *count > 0)?)))
        .collect();
    counts.sort_by_key(|(word, count)| (standing(word), std::cmp::Reverse(*count)));
    let counts: Vec<String> =
        counts.iter().map(|(word, count)| format!("{count} {}", one_line(word))).collect();
    let counts = if counts.is_empty() { "no monitors yet".to_owned() } else { counts.join(", ") };
    let open = match usize::try_from(status.whole("incidents_open").unwrap_or(0)).unwrap_or(0) {
        0 => String::new(),
        1 => "; 1 incident is open".to_owned(),
        count => format!("; {} are open", text::count(count, "incident")),
    };
    let mut out = format!("{}: {counts}{open}\n", one_line(place));
    for blind in status.items("blind") {
        out.push_str(&blind_line(Object(blind)));
    }
    out.push_str(&refused_line(status));
    out
}

/// Refused pings that are older than this are no news.
const REFUSED_SHOWN_FOR: Duration = Duration::from_secs(86_400);

/// Somebody pings with a key that nothing has: a job whose URL is wrong looks well from its own side.
fn refused_line(status: Object<'_>) -> String {
    let since = status.moment("now").map(|now| now.before(REFUSED_SHOWN_FOR));
    let mut recent: Vec<(Moment, Object<'_>)> = status
        .items("refused_pings")
        .iter()
        .filter_map(|one| Some((Object(one).moment("last_at")?, Object(one))))
        .filter(|(at, _)| since.is_none_or(|since| *at >= since))
        .collect();
    recent.sort_by_key(|(at, _)| *at);
    let Some((at, last)) = recent.last() else { return String::new() };
    let total: i64 = recent.iter().filter_map(|(_, one)| one.whole("count")).sum();
    let count = text::count(usize::try_from(total).unwrap_or(0), "ping");
    let was = if total == 1 { "was" } else { "were" };
    let (path, remote) = (one_line(last.text("path")), one_line(last.text("remote")));
    let at = local(*at);
    format!(
        "{count} {was} refused, because nothing has their key; last {path} from {remote} at {at}\n"
    )
}

/// When the receiver was not there, nothing that happened is known for sure.
fn blind_line(blind: Object<'_>) -> String {
    let moment = |names: [&str; 2]| names.iter().find_map(|name| blind.moment(name)).map(local);
    let Some(from) = moment(["from", "from_at"]) else { return String::new() };
    let until = moment(["until", "until_at"]).unwrap_or_else(|| "now".to_owned());
    let reason =
        blind.word("reason").map(|why| format!(" ({})", one_line(why))).unwrap_or_default();
    format!("the receiver itself saw nothing from {from} until {until}{reason}\n")
}

/// Monitors in the order of trouble, then by name.
pub(crate) fn sort(monitors: &mut [Value]) {
    let key = |monitor: &Value| {
        let monitor = Object(monitor);
        (standing(monitor.text("status")), monitor.text("slug").to_owned())
    };
    monitors.sort_by_cached_key(key);
}

/// The table of monitors as they are.
pub(crate) fn table(picture: &Picture, now: Moment, canvas: Canvas) -> String {
    let row = |one: &Value| {
        let monitor = Object(one);
        row(monitor, picture.reasons.get(monitor.text("slug")), now)
    };
    let rows: Vec<Vec<Cell>> = picture.monitors.iter().map(row).collect();
    draw(&["monitor", "status", "last success", "due", "what"], &rows, canvas)
}

/// Why monitors are bad, by the incidents that are open.
pub(crate) fn reasons(incidents: &[Value]) -> BTreeMap<String, String> {
    let mut reasons = BTreeMap::new();
    for incident in incidents.iter().map(Object) {
        let reason = incident.text("reason");
        let known = match incident.word("acknowledged_by") {
            Some(by) => format!("{reason} (acknowledged by {by})"),
            None if incident.word("acknowledged_at").is_some() => {
                format!("{reason} (acknowledged)")
            }
            None => reason.to_owned(),
        };
        for slug in incident.texts("monitors") {
            reasons.insert(slug.to_owned(), known.clone());
        }
    }
    reasons
}

fn row(monitor: Object<'_>, reason: Option<&String>, now: Moment) -> Vec<Cell> {
    let status = monitor.text("status");
    let moment = |name: &str| monitor.moment(name).map(|at| distance(at, now)).unwrap_or_default();
    vec![
        Cell::from(monitor.text("slug")),
        Cell::coloured(status, Some(colour(status))),
        Cell::from(moment("last_success_at")),
        Cell::from(if status == "paused" { String::new() } else { moment("due_at") }),
        Cell::from(remark(monitor, reason)),
    ]
}

/// What else is worth saying: how long a pause lasts, or why it is bad, and whose job it is.
fn remark(monitor: Object<'_>, reason: Option<&String>) -> String {
    if let Some(pause) = monitor.object("pause") {
        return self::pause(pause);
    }
    let is_bad = standing(monitor.text("status")) == Standing::Bad;
    let owner = monitor.word("owner").filter(|_| is_bad).map(|owner| format!("owner {owner}"));
    let words =
        [owner, reason.filter(|_| is_bad).cloned(), monitor.word("fault").map(str::to_owned)];
    words.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// How long a pause lasts, and why.
pub(crate) fn pause(pause: Object<'_>) -> String {
    let until = match pause.moment("until") {
        Some(until) => format!("until {}", local(until)),
        None if pause.0["until_success"] == Value::Bool(true) => "until it succeeds".to_owned(),
        None => "until it is resumed".to_owned(),
    };
    let reason = pause.word("reason").map(|why| format!(": {why}")).unwrap_or_default();
    format!("{until}{reason}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::moments::local;
    use super::{Standing, is_bad, reasons, sort, standing, summary, table};
    use crate::cli::status::Picture;
    use crate::cli::table::Canvas;
    use crate::domain::time::Moment;

    #[test]
    fn every_status_of_the_interface_has_a_standing() {
        for (words, expected) in [
            (&["new", "up", "running"][..], Standing::Well),
            (&["late", "partial", "unknown"], Standing::Open),
            (
                &["missed", "failed", "overrun", "stalled", "vanished", "verify-failed"],
                Standing::Bad,
            ),
            (&["paused"], Standing::Off),
            (&["melted", ""], Standing::Bad),
        ] {
            words.iter().for_each(|word| assert_eq!(standing(word), expected, "{word}"));
        }
    }

    #[test]
    fn a_status_is_bad_by_its_monitors_or_its_incidents() {
        for (status, bad) in [
            (json!({}), false),
            (json!({"monitors": {"up": 3, "late": 1, "failed": 0}, "incidents_open": 0}), false),
            (json!({"monitors": {"up": 3, "missed": 1}}), true),
            (json!({"monitors": {"up": 3}, "incidents_open": 1}), true),
            (json!({"monitors": {"melted": 1}}), true),
        ] {
            assert_eq!(is_bad(&status), bad, "{status}");
        }
    }

    #[test]
    fn the_summary_begins_with_what_is_bad() {
        let status = json!({"monitors": {"up": 12, "failed": 1, "late": 2, "new": 0},
            "incidents_open": 2, "blind": []});
        let line = "http://h: 1 failed, 2 late, 12 up; 2 incidents are open\n";
        assert_eq!(summary("http://h", &status), line);
        assert_eq!(summary("http://h", &json!({})), "http://h: no monitors yet\n");
        let refused = |path: &str, count: u64, last_at: &str| json!({"path": path, "remote": "192.0.2.1", "count": count, "last_at": last_at});
        let status = json!({"now": "2026-03-29T12:00:00.000Z", "refused_pings": [
            refused("/ping/b…", 3, "2026-03-29T11:00:00.000Z"),
            refused("/ping/a…", 2, "2026-03-29T10:00:00.000Z"),
            refused("/ping/old…", 9, "2026-03-28T11:00:00.000Z"),
        ]});
        let (told, at) = (
            summary("http://h", &status),
            local(Moment::parse_rfc3339("2026-03-29T11:00:00Z").unwrap()),
        );
        let line =
            "5 pings were refused, because nothing has their key; last /ping/b… from 192.0.2.1";
        assert_eq!(told, format!("http://h: no monitors yet\n{line} at {at}\n"));
    }

    #[test]
    fn the_table_begins_with_what_is_bad_and_says_how_far_things_are() {
        let now = Moment::parse_rfc3339("2026-03-29T01:00:00Z").unwrap();
        let mut monitors = vec![
            json!({"slug": "b", "status": "up", "last_success_at": "2026-03-29T00:00:00.000Z",
                "due_at": "2026-03-30T00:00:00.000Z", "owner": "dba"}),
            json!({"slug": "z", "status": "failed", "owner": "dba\u{1b}[2J"}),
            json!({"slug": "a", "status": "paused", "due_at": "2026-03-30T00:00:00.000Z",
                "pause": {"until": null, "until_success": true, "reason": "new disk"}}),
        ];
        sort(&mut monitors);
        let incidents = [json!({"monitors": ["z", "gone"], "reason": "a run failed"})];
        let expected = "\
monitor  status  last success  due     what
z        failed                        owner dba\\x1b[2J: a run failed
b        up      1h ago        in 23h
a        paused                        until it succeeds: new disk
";
        let (status, reasons) = (json!({}), reasons(&incidents));
        let picture = Picture { status, monitors, reasons, more: false };
        assert_eq!(table(&picture, now, Canvas::default()), expected);
    }
}
