//! What a target will be told, in words and for programs: its dialect, why it is that one, what each
//! kind of event becomes, and what the service cannot carry.

use serde_json::{Value, json};

use super::doctor_probe::Finding;
use crate::domain::dialect::{Dialect, Limits, Sent};
use crate::domain::event::{Event, Kind};
use crate::domain::time::Moment;
use crate::send::target::Target;

/// Adds what is known of a dialect: lines for people, and a member for programs.
pub(crate) fn look_at(dialect: Dialect, why: &str, findings: &mut Vec<Finding>) {
    let known = dialect.describe();
    let text = format!("{} ({}): {why}", dialect.name(), known.title);
    let guessed =
        matches!(dialect.name(), "get_success" | "ping_path_generic" | "heartbeat_path_generic");
    findings.push(match guessed {
        false => Finding::good("dialect", text),
        true => {
            let hint = "assuming a plain GET on success; failure and start are not sent; \
                        `--dialect NAME` if it is another one";
            Finding::odd("dialect", text, Some(hint.to_owned()))
        }
    });
    let sent: Vec<String> = Kind::ALL
        .into_iter()
        .filter_map(|kind| match dialect.sent(kind) {
            Sent::Requests(_) => Some(match dialect.condition(kind) {
                _ if kind == Kind::Success && dialect.message().is_some() => {
                    "success (as the end of an alert, or if named in `on`)".to_owned()
                }
                None => kind.word().to_owned(),
                Some("told") => format!("{} (if named in `on`)", kind.word()),
                Some(condition) => format!("{} (only with `{condition}`)", kind.word()),
            }),
            Sent::Like(other) => Some(format!("{} (as {})", kind.word(), other.word())),
            Sent::Nothing => None,
        })
        .collect();
    let silent: Vec<&str> = Kind::ALL
        .into_iter()
        .filter(|kind| dialect.sent(*kind) == Sent::Nothing)
        .map(Kind::word)
        .collect();
    let nothing = match silent.is_empty() {
        true => String::new(),
        false => format!("; nothing for: {}", silent.join(", ")),
    };
    findings.push(Finding::good("events", format!("sent: {}{nothing}", sent.join(", "))));
    if dialect.sent(Kind::Failure) == Sent::Nothing {
        let text = format!(
            "{} has no word for a failure: it is only noticed after the deadline",
            known.title
        );
        let hint = "add a second target that is told of failures".to_owned();
        findings.push(Finding::odd("events", text, Some(hint)));
    } else if let Some(condition) = dialect.condition(Kind::Failure) {
        let text = format!(
            "{} is told of a failure only with `{condition}`; without, it is only noticed after the deadline",
            known.title
        );
        let hint = format!("set `{condition}`, or add a second target that is told of failures");
        findings.push(Finding::odd("events", text, Some(hint)));
    }
    if !known.confirms {
        let text =
            format!("{} confirms nothing: what is sent may not have been taken", known.title);
        findings.push(Finding::odd("events", text, None));
    }
}

/// Adds which dialect each target is told in, and whether any of them hears of failures.
pub(crate) fn look_at_targets(targets: &[Target], findings: &mut Vec<Finding>) {
    for target in targets {
        let text = format!("`{}` is told in {}", target.name, target.dialect.name());
        findings.push(Finding::good("dialect", text));
    }
    // What a target is really sent counts: some need a parameter for it, or somebody who wants it.
    let deaf = |target: &Target| {
        let failure = Event::new(Kind::Failure, "monitor", Moment::from_epoch_ms(0));
        target.spell(&failure, Limits::default(), failure.at).is_empty()
    };
    if !targets.is_empty() && targets.iter().all(deaf) {
        let text = "no target is told of a failure: it is only noticed after the deadline";
        let hint = "add a target that is told of failures".to_owned();
        findings.push(Finding::odd("events", text.to_owned(), Some(hint)));
    }
}

/// The requests of each kind of event; an empty list: nothing is sent.
pub(crate) fn events(dialect: Dialect) -> Value {
    let members = Kind::ALL.into_iter().map(|kind| {
        let mut asked = kind;
        if let Sent::Like(other) = dialect.sent(kind) {
            asked = other;
        }
        let requests = match dialect.sent(asked) {
            Sent::Requests(requests) => requests,
            Sent::Like(_) | Sent::Nothing => Vec::new(),
        };
        let like = (asked != kind).then(|| asked.word());
        (kind.word().to_owned(), json!({ "requests": requests, "as": like }))
    });
    Value::Object(members.collect())
}

/// What the service can and cannot do.
pub(crate) fn limits(dialect: Dialect) -> Value {
    let known = dialect.describe();
    json!({
        "body_bytes_max": known.body_bytes_max,
        "confirms": known.confirms,
        "clock": if known.client_clock { "client" } else { "server" },
        "failure": dialect.sent(Kind::Failure) != Sent::Nothing,
        "lacks": known.lacks,
        "address": known.example,
    })
}
