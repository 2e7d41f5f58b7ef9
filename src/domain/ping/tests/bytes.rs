//! Hostile input: random bytes in every place, and nothing panics or grows.

use serde_json::Value;

use super::registry::{Registry, taken};
use crate::domain::arrival::{Arrival, RUN_ID_BYTES_MAX};
use crate::domain::event::Kind;
use crate::domain::ping::bounds::{FIELDS_BYTES_MAX, FIELDS_MAX};
use crate::domain::ping::{
    Heard, OUTPUT_BYTES_MAX, Outcome, Request, Spot, Verb, answer, is_link_preview, mask, read,
    route, settle,
};
use crate::domain::time::Moment;

/// Numbers for the loops; the quality does not matter.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// Bytes made of pieces that mean something to some reader, and of noise.
    fn bytes(&mut self, pieces: &[&str], most: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..self.below(most) {
            match self.below(4) {
                0 => bytes.push(u8::try_from(self.below(256)).unwrap()),
                _ => bytes.extend_from_slice(self.one_of(pieces).as_bytes()),
            }
        }
        bytes
    }

    fn text(&mut self, pieces: &[&str], most: usize) -> String {
        String::from_utf8_lossy(&self.bytes(pieces, most)).into_owned()
    }
}

/// Every dialect that is read, and one that nobody knows.
const DIALECTS: [&str; 53] = [
    "healthchecks",
    "watchgoose",
    "cronping",
    "hb",
    "betterstack",
    "heartfly",
    "securyblack",
    "alertkick",
    "checkly",
    "uptimerobot",
    "hyperping",
    "updown",
    "kener",
    "goalert",
    "grafana_oncall",
    "cronbeat",
    "get_success",
    "notifly",
    "opsgenie",
    "rootly",
    "cronhub",
    "cronbro",
    "cronly",
    "cronradar",
    "cronbeats",
    "ohdear",
    "cronitor",
    "deadmanssnitch",
    "uptime_kuma",
    "peekaping",
    "gatus",
    "sentry",
    "sentry_envelope",
    "oneuptime",
    "honeybadger",
    "appsignal",
    "cronbeacon",
    "pagerduty",
    "gotify",
    "ntfy",
    "loki",
    "alertmanager",
    "pushgateway",
    "zabbix_api",
    "generic",
    "generic_json",
    "duplicati",
    "apprise_json",
    "webhook",
    "alertmanager_watchdog",
    "kopia",
    "beszel",
    "nobody",
];

const PATHS: [&str; 34] = [
    "/",
    "/",
    "/",
    "/",
    "ping",
    "p",
    "hb",
    "api",
    "v1",
    "v2",
    "push",
    "heartbeat",
    "start",
    "fail",
    "log",
    "0",
    "255",
    "256",
    "99999999999",
    "progress",
    "42",
    "events",
    "metrics",
    "job",
    "job@base64",
    "%2f",
    "%00",
    "%c0%af",
    "%",
    "..",
    "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278",
    "cron",
    "envelope",
    "message",
];

const QUERIES: [&str; 20] = [
    "&",
    "=",
    "status",
    "state",
    "rid",
    "up",
    "down",
    "fail",
    "metric",
    "duration:",
    "1e308",
    "-1",
    "nan",
    "%ff",
    "+",
    "progress",
    "s",
    "m",
    "token",
    "success",
];

const BODIES: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\"status\"",
    "\"completed\"",
    "\"exit_code\"",
    "1e400",
    "-9",
    "null",
    "true",
    "\"check_in\"",
    "\"params\"",
    "\"streams\"",
    "\"values\"",
    "\"payload\"",
    "\"event_action\"",
    "\"trigger\"",
    "\"routing_key\"",
    "\n",
    "\"type\":\"check_in\"",
    "\"length\":18446744073709551615",
    "--B",
    "\r\n\r\n",
    "name=\"m\"",
    "m=1",
    "&",
    "\"kind\"",
    "\"log\"",
    "\"metrics\"",
    "\"definition\"",
    "\"tags\"",
    "\"fields\"",
    "job_last_exit_code 1",
    "{a=\"}\"}",
    "\u{202e}",
    "\0",
];

const HEADERS: [(&str, &str); 10] = [
    ("authorization", "Bearer \u{1f600}"),
    ("authorization", "Basic !!!"),
    ("authorization", "Bearer x"),
    ("content-type", "multipart/form-data; boundary=B"),
    ("content-type", "multipart/form-data; boundary=\""),
    ("content-type", "application/x-www-form-urlencoded"),
    ("x-sentry-auth", "Sentry sentry_key="),
    ("subject", "failed"),
    ("x-run-id", "\0"),
    ("user-agent", "borgmatic"),
];

/// That an arrival is within every limit.
fn within_limits(arrival: &Arrival) {
    let short = |text: &Option<String>, most: usize| {
        assert!(text.as_ref().is_none_or(|text| text.len() <= most && !text.contains('\0')));
    };
    short(&arrival.run_id, RUN_ID_BYTES_MAX);
    short(&arrival.message, 2_000);
    for label in [&arrival.host, &arrival.env, &arrival.stage, &arrival.counted.unit] {
        short(label, 200);
    }
    assert!(arrival.output.len() <= OUTPUT_BYTES_MAX);
    assert!(arrival.fields.len() <= FIELDS_MAX);
    let fields = Value::Object(arrival.fields.clone()).to_string();
    assert!(fields.len() <= 2 * FIELDS_BYTES_MAX, "{}", fields.len());
    assert!(!fields.contains("\\u0000"));
    assert!(arrival.percent.is_none_or(|percent| (0.0..=100.0).contains(&percent)));
    let mut settled = arrival.clone();
    let now = Moment::from_epoch_ms(1_795_167_097_500);
    settle(&mut settled, now);
    assert!(settled.at.is_none_or(|at| at <= now));
    assert!(settled.started_at.is_none_or(|started| started <= now));
}

fn read_all(dialect: &str, spot: &Spot, request: &Request) {
    if let Ok(told) = read(dialect, spot, request) {
        for told in told {
            assert!(!told.keys.is_empty());
            if let Heard::Event(arrival) = told.heard {
                within_limits(&arrival);
            }
        }
    }
    drop(answer(dialect, &taken(Some(Kind::Start)), request));
    drop(answer(dialect, &Outcome::Unknown, request));
}

#[test]
fn no_bytes_in_any_place_panic_or_break_a_limit() {
    let mut random = Random(3);
    let registry = Registry::default();
    for round in 0..1_500 {
        let path = format!("/{}", random.text(&PATHS, 14));
        let query = random.text(&QUERIES, 12);
        let body = random.bytes(&BODIES, 40);
        let method = random.one_of(&["GET", "POST", "HEAD", "PUT", "DELETE", "BREW", ""]);
        let headers: Vec<(&str, &[u8])> = (0..random.below(4))
            .map(|_| HEADERS[random.below(HEADERS.len())])
            .map(|(name, value)| (name, value.as_bytes()))
            .collect();
        let body_bytes = if random.below(3) == 0 { u64::MAX } else { body.len() as u64 };
        let request = Request {
            method,
            path: &path,
            query: &query,
            headers: &headers,
            body: &body,
            body_bytes,
        };
        drop(route(&request));
        drop(registry.take(&request));
        drop((mask(&path), is_link_preview(&request)));
        let verbs = [Verb::Nothing, Verb::Events, Verb::Exit(u32::MAX), Verb::Is(Kind::Log)];
        let key = (0..3).map(|_| random.text(&PATHS, 3)).collect();
        let spot = Spot { key, verb: verbs[round % verbs.len()], slash: round % 5 == 0 };
        for dialect in DIALECTS {
            read_all(dialect, &spot, &request);
        }
    }
}
