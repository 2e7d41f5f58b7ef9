//! Which dialect a pasted URL is: ordered rules, the first hit wins.
//!
//! Hosts are compared whole, because re-branded installations put other services' names into their
//! own; paths are compared at their end, because anything may be installed below a prefix. Of what is
//! only guessed nothing but a plain success is ever sent: an unknown receiver may take any request
//! for a sign of life, and a `/fail` would then hide a failure.

use super::sentry;
use crate::domain::address::Address;

/// Where the URL stands, which decides two cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The monitor has a name besides: the URL may be only the beginning of its address.
    pub(crate) monitor_is_named: bool,
    /// There is a key that belongs into the URL.
    pub(crate) has_key: bool,
}

/// Hosts that are one service, whatever the path.
const HOSTS: [(&str, &str); 28] = [
    ("hc-ping.com", "healthchecks"),
    ("hchk.io", "healthchecks"),
    ("watchgoose.com", "watchgoose"),
    ("ping.ohdear.app", "ohdear"),
    ("ping.checklyhq.com", "checkly"),
    ("api.checklyhq.com", "checkly"),
    ("cronitor.link", "cronitor"),
    ("cronitor.io", "cronitor"),
    ("uptime.betterstack.com", "betterstack"),
    ("betteruptime.com", "betterstack"),
    ("uptime.betteruptime.com", "betterstack"),
    ("nosnch.in", "deadmanssnitch"),
    ("heartbeat.uptimerobot.com", "uptimerobot"),
    ("hc.hyperping.io", "hyperping"),
    ("pulse.updown.io", "updown"),
    ("api.rootly.com", "rootly"),
    ("cronhub.io", "cronhub"),
    ("cronbeats.io", "cronbeats"),
    ("ping.cronping.com", "cronping"),
    ("cron.life", "cronradar"),
    ("cronbro.com", "cronbro"),
    ("securyblack.com", "securyblack"),
    ("hb.alertkick.com", "alertkick"),
    ("ntfy.sh", "ntfy"),
    ("events.pagerduty.com", "pagerduty"),
    ("events.eu.pagerduty.com", "pagerduty"),
    ("appsignal-endpoint.net", "appsignal"),
    ("cronbeacon.com", "cronbeacon"),
];

/// Schemes that are one service.
const SCHEMES: [(&str, &str); 5] = [
    ("statsd", "statsd"),
    ("dogstatsd", "dogstatsd"),
    ("command", "command"),
    ("zabbix", "zabbix_trapper"),
    ("nsca", "nsca"),
];

/// Words behind a key that tell what happened.
const VERBS: [&str; 14] = [
    "start",
    "run",
    "starting",
    "complete",
    "completed",
    "finish",
    "finished",
    "success",
    "ok",
    "fail",
    "failed",
    "log",
    "progress",
    "end",
];

/// The name of the dialect, and why it is that one; none where only a person can say it.
pub(super) fn recognise(address: &Address, place: Place) -> Option<(&'static str, &'static str)> {
    if let Some((_, name)) = SCHEMES.iter().find(|(scheme, _)| *scheme == address.scheme()) {
        return Some((name, "its scheme names it"));
    }
    if !address.is_http() {
        return None;
    }
    let host = address.host_name();
    let known = HOSTS.iter().find(|(name, _)| *name == host).map(|(_, name)| *name);
    let cronitor = || host.ends_with(".cronitor.link") || host.ends_with(".cronitor.io");
    if let Some(name) = known.or_else(|| cronitor().then_some("cronitor")) {
        return Some((name, "its host is that service"));
    }
    if sentry::is_dsn(address) {
        return Some(("sentry", "it is a Sentry DSN"));
    }
    if let Some(name) = by_path(address) {
        return Some((name, "its path has that service's shape"));
    }
    let state = address.pair("state");
    if matches!(state.as_deref(), Some("run" | "complete" | "fail" | "ok")) {
        return Some(("cronitor", "its query has a `state`"));
    }
    Some(behind_ping(address, place))
}

/// The rules 3 to 9: shapes of a path.
fn by_path(address: &Address) -> Option<&'static str> {
    let segments = address.segments();
    let ends = |shape: &[&str]| {
        let from = segments.len().checked_sub(shape.len());
        from.is_some_and(|from| {
            shape.iter().zip(&segments[from..]).all(|(want, got)| fits(want, got))
        })
    };
    let has = |shape: &[&str]| {
        segments
            .windows(shape.len())
            .any(|window| shape.iter().zip(window).all(|(want, got)| fits(want, got)))
    };
    if has(&["metrics", "job|job@base64"]) {
        return Some("pushgateway");
    }
    SHAPES.iter().find(|(shape, _)| ends(shape)).map(|(_, name)| *name)
}

/// Shapes of the end of a path: `*` is any segment, `#` digits, `%` a UUID, `a|b` either word.
const SHAPES: [(&[&str], &str); 32] = [
    (&["api", "#", "cron", "*"], "sentry"),
    (&["api", "#", "cron", "*", "*"], "sentry"),
    (&["api", "#", "envelope"], "sentry_envelope"),
    (&["api", "v1", "push", "*"], "peekaping"),
    (&["api", "push", "*"], "uptime_kuma"),
    (&["api", "v1", "endpoints", "*", "external"], "gatus"),
    (&["v1", "check_in", "*"], "honeybadger"),
    (&["v1", "check_in", "*", "*"], "honeybadger"),
    (&["v2", "heartbeats", "*", "ping"], "opsgenie"),
    (&["v1", "heartbeats", "*", "ping"], "rootly"),
    (&["api", "v2", "heartbeat", "%"], "goalert"),
    (&["v1", "api", "heartbeat", "%"], "goalert"),
    (&["api", "v2", "generic", "incoming"], "goalert_alert"),
    (&["v1", "api", "alerts"], "goalert_alert"),
    (&["integrations", "v1", "*", "*", "heartbeat"], "grafana_oncall"),
    (&["integrations", "v1", "*", "*"], "grafana_oncall_webhook"),
    (&["heartbeat", "ping", "*"], "notifly"),
    (&["ext", "heartbeat", "*", "*"], "kener"),
    (&["ext", "heartbeat", "*:*"], "kener"),
    (&["api", "v1", "heartbeat", "*", "ping"], "heartfly"),
    (&["api", "v1", "heartbeat", "*"], "heartbeat_path_generic"),
    (&["api", "v1", "heartbeat", "*", "fail"], "heartbeat_path_generic"),
    (&["api", "heartbeat", "*"], "securyblack"),
    (&["heartbeat|incoming-request", "*"], "oneuptime"),
    (&["1.1", "cron", "pulse|start|alert"], "cronly"),
    (&["api", "v1", "ingest", "events"], "cronbeacon"),
    (&["v2", "enqueue"], "pagerduty"),
    (&["api", "v2", "alerts"], "alertmanager"),
    (&["v1", "actions", "process-check-result"], "icinga2"),
    (&["nrdp"], "nrdp"),
    (&["api_jsonrpc.php"], "zabbix_api"),
    (&["check_ins", "json"], "appsignal"),
];

fn fits(want: &str, got: &str) -> bool {
    match want {
        "*" => true,
        "#" => !got.is_empty() && got.bytes().all(|byte| byte.is_ascii_digit()),
        "%" => is_uuid(got),
        "*:*" => got.contains(':') || got.to_ascii_lowercase().contains("%3a"),
        words => words.split('|').any(|word| word == got),
    }
}

/// The rules 11 to 13, where a name besides the URL, or a key, makes a difference.
fn behind_ping(address: &Address, place: Place) -> (&'static str, &'static str) {
    let segments = address.segments();
    if segments.last() == Some(&"message") {
        return ("gotify", "its path has that service's shape");
    }
    let at = segments.iter().rposition(|segment| matches!(*segment, "ping" | "hb"));
    let behind = at.map(|at| &segments[at + 1..]);
    if at.is_some_and(|at| segments[at] == "hb")
        && let Some(behind) = behind
        && is_own(behind, place, at == Some(0))
    {
        return ("hb", "its path is that of `hb serve`");
    }
    let shape = "its path has the shape of a Healthchecks server";
    match behind {
        Some([key]) if is_uuid(key) => ("healthchecks", shape),
        Some([key, word]) if is_uuid(key) && (is_number(word) || VERBS.contains(word)) => {
            ("healthchecks", shape)
        }
        Some([key, ..]) if is_ping_key(key) && segments.len() > 1 + at.unwrap_or(0) + 1 => {
            ("healthchecks", shape)
        }
        Some([_, slug, ..]) if !VERBS.contains(slug) && !is_number(slug) => ("healthchecks", shape),
        Some([_]) | Some([]) | None if place.has_key => {
            ("healthchecks", "a key is set, and goes into the URL")
        }
        Some([]) if place.monitor_is_named => ("healthchecks", shape),
        Some([key]) if place.monitor_is_named && is_ping_key(key) => ("healthchecks", shape),
        Some([_, ..]) => {
            ("ping_path_generic", "one segment behind `/ping/` is many services' shape")
        }
        Some([]) | None => ("get_success", "nothing about it is known"),
    }
}

/// Whether this, behind `/hb/`, is one of hb's own ping URLs, or the beginning of one.
/// A key that a person has chosen looks like nothing in particular; there the path has to begin with it.
fn is_own(behind: &[&str], place: Place, begins: bool) -> bool {
    match behind {
        [] => place.has_key,
        [key] if is_uuid(key) => true,
        [key] => place.monitor_is_named && (begins || is_ping_key(key)) && !VERBS.contains(key),
        [key, word] if !is_uuid(key) => !VERBS.contains(word) && !is_number(word),
        _ => true,
    }
}

/// Whether this is a UUID with its hyphens.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// Whether this can be a Healthchecks ping key: 22 characters that need no escape in a URL.
fn is_ping_key(text: &str) -> bool {
    text.len() == 22 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit())
}
