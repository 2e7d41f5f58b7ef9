//! Why a monitor is as it is, in one sentence for a person.

use crate::domain::monitor::Rules;
use crate::domain::time::Moment;
use crate::domain::transition::Reason;
use crate::domain::{span, unix_signal};
use crate::notify::message::when;

/// Why a deadline was judged later than it passed.
const WAS_BLIND: &str = "; hb itself could not see for a while and has waited for clients to tell";

/// One sentence without its full stop. Moments are those of the monitor's own zone.
pub(crate) fn sentence(reason: &Reason, rules: &Rules, now: Moment) -> String {
    let at = |moment: Moment| when(moment, &rules.zone);
    match reason {
        Reason::Waiting => "nothing was heard of it yet".to_owned(),
        Reason::Began { .. } => "a run began".to_owned(),
        Reason::Succeeded { at: happened_at, message } => {
            let late = happened_at.filter(|happened_at| now.since(*happened_at).as_secs() > 60);
            let late = late.map(|happened_at| format!(", at {}, told late", at(happened_at)));
            format!("a run succeeded{}{}", late.unwrap_or_default(), said(message))
        }
        Reason::Warned { message, .. } => format!("a run had reservations{}", said(message)),
        Reason::Failed { exit_code, message, .. } => {
            format!("a run failed{}{}", code(*exit_code), said(message))
        }
        Reason::VerifyFailed { message, .. } => {
            format!("what was made is not what was expected{}", said(message))
        }
        Reason::Late { due_at, host_heard_at } => {
            format!("a success was due at {}{}", at(*due_at), away(*host_heard_at, rules))
        }
        Reason::Missed { due_at, deadline_at, missed, settled_at, host_heard_at } => {
            let more = if *missed > 1 { format!(", {missed} in a row") } else { String::new() };
            let blind = if settled_at.is_some() { WAS_BLIND } else { "" };
            format!(
                "no success by {}; it was due at {}{more}{}{blind}",
                at(*deadline_at),
                at(*due_at),
                away(*host_heard_at, rules)
            )
        }
        Reason::Overrun { started_at, limit_at, host_heard_at, .. } => {
            let limit = limit_at.map(|limit| limit.since(*started_at));
            let limit = limit.map(|limit| format!(", and may take {}", span::format(limit)));
            format!(
                "a run has been going on since {}{}{}",
                at(*started_at),
                limit.unwrap_or_default(),
                away(*host_heard_at, rules)
            )
        }
        Reason::Stalled { started_at, .. } => {
            format!("the run that began at {} has stopped moving", at(*started_at))
        }
        Reason::Vanished { last_event_at, .. } => {
            format!("a run has not been heard of since {}", at(*last_event_at))
        }
        Reason::Blind { settles_at } => {
            let until = settles_at.map(|until| format!("; it is decided at {}", at(until)));
            format!("hb itself could not see when it was due{}", until.unwrap_or_default())
        }
        Reason::Paused { until, until_success, reason } => {
            let until = paused_until(*until, *until_success, rules);
            format!("paused{until}{}", said(reason))
        }
        Reason::Resumed(forgiven) if forgiven.count > 0 => {
            let slots: Vec<String> = forgiven.slots.iter().map(|slot| at(*slot)).collect();
            let count = forgiven.count;
            format!(
                "no longer paused; {count} expected runs fell into the pause: {}",
                slots.join(", ")
            )
        }
        Reason::Resumed(_) => "no longer paused".to_owned(),
        Reason::RulesChanged => "its rules were changed".to_owned(),
    }
}

/// When its host was last heard of, where that has put a deadline off.
fn away(heard_at: Option<Moment>, rules: &Rules) -> String {
    let heard_at = heard_at.map(|heard_at| when(heard_at, &rules.zone));
    heard_at.map(|at| format!("; its host was last heard of at {at}")).unwrap_or_default()
}

fn paused_until(until: Option<Moment>, until_success: bool, rules: &Rules) -> String {
    match (until, until_success) {
        (Some(until), _) => format!(" until {}", when(until, &rules.zone)),
        (None, true) => " until its next success".to_owned(),
        (None, false) => String::new(),
    }
}

fn said(message: &Option<String>) -> String {
    message.as_ref().map(|message| format!(": {message}")).unwrap_or_default()
}

fn code(exit_code: Option<i32>) -> String {
    match exit_code {
        None => String::new(),
        Some(code) if code < 0 => {
            format!(", killed by {}", unix_signal::name(code.saturating_neg()))
        }
        Some(code) => format!(" with exit code {code}"),
    }
}
