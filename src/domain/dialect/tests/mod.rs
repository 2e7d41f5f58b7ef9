//! Every service against outside expectations: which URL is whose, and what an answer means.

mod hostile;

use serde_json::Value;

use super::{Answer, Dialect, Parameters, Place, read};
use crate::domain::address::Address;

const CASES: &str = include_str!("../../../../tests/it/data/dialects.json");

fn cases(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(CASES).expect("JSON");
    all[name].as_array().expect("a list").clone()
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().expect("text")
}

#[test]
fn pasted_urls_are_recognised() {
    for case in cases("detect") {
        let url = text(&case, "url");
        let address = Address::parse(url).expect(url);
        let found = Dialect::recognise(&address, Place::default()).map(|(found, _)| found.name());
        assert_eq!(found, Some(text(&case, "dialect")), "{url}");
    }
}

#[test]
fn what_is_only_the_beginning_of_an_address_is_recognised_with_a_name_or_a_key() {
    let named = Place { monitor_is_named: true, has_key: false };
    let keyed = Place { monitor_is_named: true, has_key: true };
    let ping_key = "https://hc.example.org/ping/fqOOd6-F4MMNuCEnzTU01w";
    for (url, place, expected) in [
        (ping_key, Place::default(), "ping_path_generic"),
        (ping_key, named, "healthchecks"),
        ("https://h.example/ping/shorter", named, "ping_path_generic"),
        ("https://h.example/ping/shorter", keyed, "healthchecks"),
        ("https://h.example/ping", named, "healthchecks"),
        ("https://h.example", named, "get_success"),
        ("https://h.example", keyed, "healthchecks"),
        ("https://h.example/ping/abc/start", named, "ping_path_generic"),
        ("https://h.example/ping/abc/7", named, "ping_path_generic"),
        ("https://h.example/ping/abc/nightly", named, "healthchecks"),
        ("https://h.example/hb/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278", named, "hb"),
        ("https://h.example/hb/key/nightly", Place::default(), "hb"),
        ("https://h.example/hb/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278/start", named, "hb"),
        ("https://h.example/hb/key/nightly/start", named, "hb"),
        ("https://h.example/hb", keyed, "hb"),
        ("https://h.example/api/hb/tok", named, "ping_path_generic"),
        ("https://cronitor.vernacular.ai/ping/abc", named, "ping_path_generic"),
        ("https://eu.cronitor.link/ping/abc/d", named, "cronitor"),
        ("https://x.example/?state=run", named, "cronitor"),
        ("https://x.example/?state=away", named, "get_success"),
        ("https://hc-ping.com.evil.example/x", named, "get_success"),
        ("HTTPS://NTFY.SH:443/x", named, "ntfy"),
        ("https://key@sentry.example/sub/42", named, "sentry"),
        ("https://key:secret@sentry.example/42", named, "get_success"),
        ("https://user:pw@x.example/hook", named, "get_success"),
        ("statsd://127.0.0.1:8125", named, "statsd"),
        ("zabbix://h:10051", named, "zabbix_trapper"),
    ] {
        let address = Address::parse(url).expect(url);
        let found = Dialect::recognise(&address, place).map(|(found, _)| found.name());
        assert_eq!(found, Some(expected), "{url} {place:?}");
    }
    let udp = Address::parse("udp://127.0.0.1:8125").expect("an address");
    assert_eq!(Dialect::recognise(&udp, named), None);
}

#[test]
fn answers_mean_what_the_services_mean_by_them() {
    let http =
        |name: &str| !["statsd", "dogstatsd", "nsca", "zabbix_trapper", "command"].contains(&name);
    let mut judged = 0;
    for case in cases("classify") {
        let wanted = text(&case, "dialect");
        let status = u16::try_from(case["status"].as_u64().expect("a number")).expect("a status");
        for name in Dialect::names() {
            let dialect = Dialect::parse(name).expect(name);
            // Uptime Kuma answers 404 to everything; a 409 of one service may be another's.
            if name != wanted && !(wanted == "*" && http(name)) {
                continue;
            }
            let class = match dialect.judge(status, text(&case, "body").as_bytes()) {
                Answer::Accepted => "accepted",
                Answer::Unconfirmed => "accepted_unverified",
                Answer::Later => "retry",
                Answer::TooLarge | Answer::Refused => "permanent",
            };
            assert_eq!(class, text(&case, "class"), "{name}: {case}");
            judged += 1;
        }
    }
    assert!(judged > 400, "{judged}");
}

#[test]
fn what_a_table_gets_wrong_is_said_with_what_to_write() {
    for (table, expected) in [
        ("on.succes = {}", "0: unknown key `succes` in a dialect | did you mean `success`?"),
        ("heders = {}", "0: unknown key `heders` in a dialect | did you mean `headers`?"),
        ("tags = [\"{mesage}\"]", "8: there is no variable `mesage` | did you mean `message`?"),
        ("tags = [\"{message|trnc:3}\"]", "8: there is no filter `trnc`, did you mean `trunc`?"),
        ("tags = [\"{message|trunc}\"]", "8: `trunc` needs a number, as in `trunc:200`"),
        ("tags = [\"{message\"]", "8: a `{` has no partner; a plain one is written twice"),
        (
            "headers = { A = \"{token}\" }",
            "16: there is no variable `token` | if a target says it, write `parameters.token = { needed = true }`",
        ),
        ("accept = [\"2x\"]", "10: `accept` holds what is no status | write \"404\" or \"4xx\""),
        ("on.log = { json = \"@bdy\" }", "18: there is no `bdy` to stand for `@bdy`"),
        ("keep_slash = 1", "13: `keep_slash` must be true or false"),
        (
            "title = \"mine\"",
            "0: the dialect has no word for any event | write what is sent, as in `on.success = { method = \"GET\" }`",
        ),
        (
            "on.log = {}\nfallback = { warning = \"success\", success = \"warning\" }",
            "12: `fallback` leads from `success` in a circle | let it end at a kind that `on` has",
        ),
        (
            "on.log = {}\nurl = \"no url\"",
            "12: `url` cannot be used: ` ` cannot stand in a URL | write a whole one, as in `https://HOST/PATH`",
        ),
    ] {
        let parsed = toml::de::DeTable::parse(table).expect("TOML");
        let (_, mistakes) = read("own", parsed.get_ref());
        let told: Vec<String> = mistakes
            .iter()
            .map(|mistake| {
                let hint = mistake.hint.as_ref().map(|hint| format!(" | {hint}"));
                format!("{}: {}{}", mistake.offset, mistake.message, hint.unwrap_or_default())
            })
            .collect();
        assert!(
            told.iter().any(|line| line.ends_with(expected.split_once(": ").expect("a place").1)),
            "{table}: {told:?}"
        );
    }
}

#[test]
fn what_is_there_of_an_address_already_is_not_put_there_again() {
    for (dialect, pasted, given, expected) in [
        ("pushgateway", "http://h/metrics", "", "http://h/metrics/job/nightly"),
        ("pushgateway", "http://h/sub", "", "http://h/sub/metrics/job/nightly"),
        ("opsgenie", "https://h/v2/heartbeats", "", "https://h/v2/heartbeats/nightly/ping"),
        ("opsgenie", "https://h/v2/heartbeats/db", "", "https://h/v2/heartbeats/db/ping"),
        ("opsgenie", "https://h/v2/heartbeats/db/ping", "", "https://h/v2/heartbeats/db/ping"),
        (
            "pagerduty",
            "https://events.eu.pagerduty.com",
            "",
            "https://events.eu.pagerduty.com/v2/enqueue",
        ),
        ("pagerduty", "https://proxy/pd", "", "https://proxy/pd"),
        ("ntfy", "https://ntfy.sh/backups/publish", "", "https://ntfy.sh/backups"),
        ("ntfy", "https://ntfy.sh/trigger", "", "https://ntfy.sh/trigger"),
        ("ntfy", "https://h/sub", "backups", "https://h/sub/backups"),
        ("ntfy", "https://h/backups", "backups", "https://h/backups"),
    ] {
        let pasted = Address::parse(pasted).expect(pasted);
        let mut parameters = Parameters::default();
        if !given.is_empty() {
            parameters.set("topic", given.into());
        }
        let dialect = Dialect::parse(dialect).expect(dialect);
        let whole = dialect.complete(&pasted, &parameters, Some("nightly"), "nightly");
        assert_eq!(whole.expect(expected).url(&[], &[]), expected);
    }
}

#[test]
fn an_address_without_the_part_that_matters_is_refused_not_told_nothing() {
    for (dialect, pasted, expected) in [
        ("ntfy", "https://ntfy.sh/", "the URL lacks the topic; write `https://ntfy.sh/TOPIC`"),
        (
            "sentry_envelope",
            "https://h/api/7/cron/db/key/",
            "an envelope's address has no slug in it; write the DSN, and `slug = \"db\"`",
        ),
    ] {
        let address = Address::parse(pasted).expect(pasted);
        let dialect = Dialect::parse(dialect).expect(dialect);
        let whole = dialect.complete(&address, &Parameters::default(), Some("nightly"), "nightly");
        assert_eq!(whole.expect_err(pasted), expected);
    }
}
