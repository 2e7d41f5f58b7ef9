//! What hb itself sends, in each service's own words, read here: the same kind, code and words.

use super::registry::with;
use crate::domain::address::Address;
use crate::domain::arrival::{Arrival, Definition};
use crate::domain::dialect::{Answer, Dialect, HttpRequest, Limits, Parameters, Request, Sent};
use crate::domain::event::{Counted, Event, Kind, SEQ_FINISH};
use crate::domain::host::Uptime;
use crate::domain::metric::Metrics;
use crate::domain::ping::{Accepted, EventResult, Heard, Route, Verb, answer_events, read, route};
use crate::domain::run::RunId;
use crate::domain::time::Moment;

const UUID: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
const RID: &str = "0191d3a4-7d2e-7abc-8def-0123456789ab";
const AT: i64 = 1_795_167_097_500;

/// Services that have no path of their own here: they are told of alerts, or do not speak HTTP.
const NOT_RECEIVED: [&str; 10] = [
    "goalert_alert",
    "grafana_oncall_webhook",
    "icinga2",
    "nrdp",
    "command",
    "statsd",
    "dogstatsd",
    "zabbix_trapper",
    "nsca",
    "heartbeat_path_generic",
];

/// An event as a run makes it.
fn event(kind: Kind) -> Event {
    let mut event = Event::new(kind, "nightly", Moment::from_epoch_ms(AT));
    event.run_id = RunId::parse(RID);
    event.seq = if kind.is_finish() { SEQ_FINISH } else { 3 };
    event.started_at = Some(Moment::from_epoch_ms(AT - 12_500));
    event.elapsed_ms = kind.is_finish().then_some(12_500);
    event.exit_code = match kind {
        Kind::Success => Some(0),
        Kind::Failure => Some(3),
        _ => None,
    };
    event.message = Some("pg_dump: a \"quoted\" line & 100 % + more".to_owned());
    event.stage = matches!(kind, Kind::Stage | Kind::Progress).then(|| "copying".to_owned());
    event.percent = (kind == Kind::Progress).then_some(42.0);
    event.host = Some("web1".to_owned());
    event.env = Some("production".to_owned());
    event
}

/// Each service with the address of one monitor there.
fn setups() -> Vec<(Dialect, Address, Parameters)> {
    let setup = |name: &str| {
        let dialect = Dialect::parse(name).expect(name);
        let example = dialect.describe().example.replace("UUID", UUID).replace("HOST", "h.example");
        let address = Address::parse(&example.replace("PROJECT", "42")).expect(name);
        let mut parameters = Parameters::default();
        for parameter in dialect.parameters() {
            match parameter {
                "upsert" | "schedule" | "grouping" | "encryption" | "title" | "text" => {}
                "report" => parameters.set(parameter, true.into()),
                _ => parameters.set(parameter, "s3cretKey".into()),
            }
        }
        let address = dialect.complete(&address, &parameters, Some("nightly"), "nightly");
        (dialect, address.expect(name), parameters)
    };
    Dialect::names().filter(|name| !NOT_RECEIVED.contains(name)).map(setup).collect()
}

/// What our own request tells, its keys registered for this service.
fn heard(dialect: Dialect, request: &HttpRequest) -> Vec<Arrival> {
    let (_, rest) = request.url.split_once("://").expect("a URL");
    let target = rest.find('/').map_or("/", |at| &rest[at..]);
    let headers: Vec<(&str, &str)> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    with((request.method, target), &headers, &request.body, |request| {
        let (name, spot) = match route(request) {
            Route::Literal { dialect, spot } => (dialect, spot),
            // The longest word first: no key of ours is one.
            Route::Family { spots } => (dialect.name(), spots.into_iter().next().expect("a spot")),
            other => panic!("{dialect:?}: {target}: {other:?}"),
        };
        assert!(spot.verb != Verb::Exit(256));
        let told = read(name, &spot, request).unwrap_or_else(|no| panic!("{dialect:?}: {no:?}"));
        told.into_iter()
            .filter_map(|told| match told.heard {
                Heard::Event(arrival) => Some(*arrival),
                Heard::Nothing => None,
                Heard::Refused(why) => panic!("{dialect:?}: {why}"),
            })
            .collect()
    })
}

/// The kind that a receiver can hear at most.
fn audible(dialect: Dialect, kind: Kind) -> Vec<Kind> {
    let mut kinds = vec![kind];
    if let Sent::Like(other) = dialect.sent(kind) {
        kinds.push(other);
    }
    match (dialect.name(), kind) {
        // Their messages are for people.
        ("ntfy" | "gotify" | "notifly_message", _) => kinds.push(Kind::Log),
        // One number is all it is told, and a warning without a code has the number of a success.
        ("zabbix_api", Kind::Warning) => kinds.push(Kind::Success),
        // It takes a word for the stage that hb gives no name of its own.
        ("cronbeats", Kind::Stage) => kinds.push(Kind::Log),
        (_, Kind::Verified | Kind::Test) => kinds.push(Kind::Log),
        _ => {}
    }
    kinds
}

#[test]
fn whatever_hb_sends_to_a_service_is_understood_in_its_words() {
    for (dialect, address, parameters) in setups() {
        let mut understood = 0;
        for kind in Kind::ALL {
            let sent = event(kind);
            for request in dialect.spell(&address, &sent, Limits::default(), &parameters) {
                let Request::Http(request) = request else { panic!("{dialect:?}") };
                for arrival in heard(dialect, &request) {
                    let case = format!("{dialect:?} {kind:?}: {} {arrival:?}", request.url);
                    assert!(audible(dialect, kind).contains(&arrival.kind), "{case}");
                    if dialect.name() != "pagerduty" {
                        let code = arrival.exit_code.filter(|code| *code != 0);
                        assert!(code.is_none() || code == sent.exit_code, "{case}");
                    }
                    let id = arrival.run_id.as_deref();
                    assert!(id.is_none_or(|id| id == RID || id.len() == 16), "{case}");
                    if let Some(ms) = arrival.duration_ms {
                        assert_eq!(ms, 12_500, "{case}");
                    }
                    understood += 1;
                }
            }
        }
        assert!(understood > 0, "{dialect:?} is told of nothing");
    }
}

#[test]
fn a_failure_is_never_heard_as_anything_better() {
    for (dialect, address, parameters) in setups() {
        for code in [None, Some(1), Some(255), Some(256), Some(-9)] {
            let mut sent = event(Kind::Failure);
            sent.exit_code = code;
            for request in dialect.spell(&address, &sent, Limits::default(), &parameters) {
                let Request::Http(request) = request else { panic!("{dialect:?}") };
                for arrival in heard(dialect, &request) {
                    let good = matches!(arrival.kind, Kind::Success | Kind::Warning | Kind::Start);
                    assert!(!good, "{dialect:?} {code:?}: {arrival:?}");
                }
            }
        }
    }
}

#[test]
fn an_event_of_our_own_arrives_as_it_was() {
    let address = Address::parse("https://h.example/hb/key/nightly").expect("an address");
    let mut parameters = Parameters::default();
    parameters.sent_at = Some(Moment::from_epoch_ms(AT + 250));
    for (place, kind) in Kind::ALL.into_iter().enumerate() {
        let behind = place % 2 == 0;
        parameters.uptime = Some(Uptime { up_ms: 86_400_000, awake_ms: 3_600_000, behind });
        let mut sent = event(kind);
        sent.tail = b"line\n\xff\0end".to_vec();
        sent.counted = Counted {
            current: Some(2.0),
            steps: Some(3),
            unit: Some("tables".to_owned()),
            ..Counted::default()
        };
        sent.metrics =
            Metrics::from_json(&serde_json::json!({"count": 3, "id": "40152067", "rate": 1.5}));
        (sent.lease_ms, sent.stalled) = (Some(90_000), Some(false));
        (sent.expected_ms, sent.matches_expected) = (Some(7_200_000), Some(false));
        sent.exit_code = Some(-9);
        sent.definition = Some(Box::new(Definition {
            schedule: Some("0 3 * * *".to_owned()),
            timezone: Some("Europe/Berlin".to_owned()),
            tags: vec!["backup".to_owned(), "prod".to_owned()],
            tolerance: Some(1),
            presence: Some("host".to_owned()),
            absent_at_most: Some("30d".to_owned()),
            ..Definition::default()
        }));
        let requests = Dialect::Hb.spell(&address, &sent, Limits::default(), &parameters);
        let [Request::Http(request)] = requests.as_slice() else { panic!("one request") };
        assert_eq!(
            (request.method, &*request.url),
            ("POST", "https://h.example/hb/key/nightly/events")
        );
        let mut expected = Arrival::new(kind);
        expected.run_id = Some(RID.to_owned());
        expected.seq = Some(sent.seq);
        expected.at = Some(sent.at);
        expected.sent_at = parameters.sent_at;
        expected.uptime = parameters.uptime;
        expected.started_at = sent.started_at;
        expected.duration_ms = sent.elapsed_ms;
        expected.exit_code = sent.exit_code;
        expected.message = sent.message.clone();
        expected.stage = sent.stage.clone();
        expected.percent = sent.percent;
        expected.counted = sent.counted.clone();
        expected.metrics = sent.metrics.clone();
        expected.output = sent.tail.clone();
        expected.output_bytes = sent.tail.len() as u64;
        (expected.host, expected.env) = (sent.host.clone(), sent.env.clone());
        (expected.lease_ms, expected.stalled) = (sent.lease_ms, sent.stalled);
        (expected.expected_ms, expected.matches_expected) =
            (sent.expected_ms, sent.matches_expected);
        expected.definition = sent.definition.clone();
        assert_eq!(heard(Dialect::Hb, request), [expected]);
    }
}

#[test]
fn our_own_answer_is_understood_by_our_own_client() {
    let result = |became| EventResult {
        run_id: Some(RID.to_owned()),
        seq: Some(0),
        became,
        untaken: Vec::new(),
    };
    let judge = |result| {
        let answer = answer_events(&[result]);
        Dialect::Hb.judge(answer.status, &answer.body)
    };
    assert_eq!(judge(result(Ok(Accepted::Stored))), Answer::Accepted);
    assert_eq!(judge(result(Ok(Accepted::Duplicate))), Answer::Accepted);
    assert_eq!(judge(result(Ok(Accepted::Late))), Answer::Accepted);
    assert_eq!(judge(result(Err("no such monitor".to_owned()))), Answer::Refused);
    let untaken = |members: &[&str]| {
        let why = |member: &&str| ((*member).to_owned(), "a reason".to_owned());
        let untaken = members.iter().map(why).collect();
        let answer = answer_events(&[EventResult { untaken, ..result(Ok(Accepted::Stored)) }]);
        assert_eq!(Dialect::Hb.judge(answer.status, &answer.body), Answer::Accepted);
        Dialect::Hb.untaken(&answer.body)
    };
    assert_eq!(untaken(&["schedule", "tags"]), ["schedule", "tags"]);
    assert!(untaken(&["a word of somebody else's"]).is_empty());
    assert!(untaken(&[]).is_empty());
    assert!(Dialect::Healthchecks.untaken(b"[{\"untaken\":{\"schedule\":\"\"}}]").is_empty());
    for (status, body, expected) in [
        (200, "<!DOCTYPE html>", Answer::Refused),
        (200, "[]", Answer::Refused),
        (404, "not found", Answer::Refused),
        (503, "", Answer::Later),
        (0, "", Answer::Later),
        (413, "", Answer::TooLarge),
    ] {
        assert_eq!(Dialect::Hb.judge(status, body.as_bytes()), expected, "{status} {body}");
    }
}

#[test]
fn an_address_is_completed_to_our_own_ping_url() {
    let uuid = format!("https://h.example/hb/{UUID}");
    for (pasted, key, expected) in [
        (&*format!("{uuid}/start"), None, Ok(&*uuid)),
        (&*uuid, Some("other"), Ok(&*uuid)),
        ("https://h.example/hb/key", None, Ok("https://h.example/hb/key/Db.nightly")),
        ("https://h.example/hb/key/x/fail", Some("k"), Ok("https://h.example/hb/key/x")),
        ("https://h.example/hb", Some("k"), Ok("https://h.example/hb/k/Db.nightly")),
        ("https://h.example/sub", Some("k"), Ok("https://h.example/sub/hb/k/Db.nightly")),
        ("https://h.example", None, Err(())),
    ] {
        let address = Address::parse(pasted).expect(pasted);
        let mut parameters = Parameters::default();
        if let Some(key) = key {
            parameters.set("key", key.into());
        }
        let whole = Dialect::Hb.complete(&address, &parameters, Some("Db.nightly"), "m");
        let whole = whole.map(|whole| whole.url(&[], &[])).map_err(|_| ());
        assert_eq!(whole, expected.map(str::to_owned), "{pasted}");
    }
    let slug = |url: &str| Dialect::Hb.monitor_in(&Address::parse(url).expect(url));
    assert_eq!(slug("https://h.example/hb/key/nightly").as_deref(), Some("nightly"));
    assert_eq!(slug(&uuid), None);
}
