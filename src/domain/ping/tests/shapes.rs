//! The rules of each service that the recorded requests do not show.

use serde_json::{Value, json};

use super::registry::{Came, Registry, taken, with};
use crate::domain::event::Kind;
use crate::domain::ping::{
    Accepted, EventResult, Heard, Route, answer, answer_events, is_link_preview, read, route,
};

pub(super) const UUID: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
const RID: &str = "ae03bb79-1bb7-4150-bc3d-2c6367547e8c";

/// A receiver with one monitor of our own, known in every way, and keys of other services.
fn registry() -> Registry {
    let alias = |dialect: &str, key: &[&str]| {
        (key.iter().map(|part| (*part).to_owned()).collect(), dialect.to_owned())
    };
    Registry {
        uuids: vec![UUID.to_owned()],
        slugs: vec![
            ("key".to_owned(), "nightly".to_owned()),
            ("key".to_owned(), "20241231".to_owned()),
        ],
        aliases: vec![
            alias("cronitor", &["api", "job"]),
            alias("cronitor", &["d3x0c1"]),
            alias("cronradar", &["mon", "secret"]),
            alias("oneuptime", &["ou"]),
            alias("uptime_kuma", &["tok"]),
            alias("peekaping", &["tok"]),
            alias("deadmanssnitch", &["snitch"]),
            alias("betterstack", &["bs"]),
            alias("heartfly", &["bs"]),
            alias("cronhub", &["hub"]),
            alias("generic", &["any"]),
            alias("ntfy", &["topic"]),
            alias("opsgenie", &["og", "geniekey"]),
            alias("gatus", &["core_x", "bearer"]),
            alias("pushgateway", &["job"]),
            alias("ohdear", &["od"]),
            alias("sentry", &["1", "slug", "pub"]),
            alias("notifly", &["42"]),
        ],
    }
}

pub(super) fn take(line: (&str, &str), headers: &[(&str, &str)], body: &str) -> Came {
    with(line, headers, body.as_bytes(), |request| registry().take(request))
}

pub(super) fn get(target: &str) -> Came {
    take(("GET", target), &[], "")
}

#[test]
fn paths_of_two_services_are_told_apart_by_their_keys() {
    let check = |target: &str, dialect: &str, kind: Kind| {
        let came = get(target);
        assert_eq!((&*came.dialect, came.one().kind), (dialect, kind), "{target}");
    };
    check("/ping/api/job?state=fail", "cronitor", Kind::Failure);
    check("/ping/key/nightly?state=fail", "healthchecks", Kind::Success);
    check("/ping/key/nightly/start", "healthchecks", Kind::Start);
    check("/ping/mon/secret/complete", "cronradar", Kind::Success);
    check("/api/v1/heartbeat/bs", "betterstack", Kind::Success);
    check("/api/v1/heartbeat/bs/ping", "heartfly", Kind::Success);
    check("/api/v1/heartbeat/bs/fail", "betterstack", Kind::Failure);
    check("/api/push/tok?status=down", "uptime_kuma", Kind::Failure);
    check("/api/v1/push/tok?status=down", "peekaping", Kind::Success);
    check("/fail/hub", "cronhub", Kind::Failure);
    check("/ping/hub", "cronhub", Kind::Success);
    check("/d3x0c1/run", "cronitor", Kind::Start);
    check("/api/1/cron/slug/pub/?status=ok", "sentry", Kind::Success);
    check(&format!("/hb/{UUID}/warning"), "hb", Kind::Warning);
    check("/hb/key/nightly/3", "hb", Kind::Failure);
    check("/hb/key/nightly/progress/42", "hb", Kind::Progress);
    check("/hb/key/nightly", "hb", Kind::Success);
    check(&format!("/ping/{UUID}/progress/42"), "healthchecks", Kind::Progress);
    // A token in a header instead of the path; on keyless routes it is not looked at.
    let came = take(("GET", "/ping/mon/start"), &[("Authorization", "Bearer secret")], "");
    assert_eq!((&*came.dialect, came.one().kind), ("cronradar", Kind::Start));
    let basic = [("Authorization", "Basic YXBpS2V5MTIzOg==")];
    assert_eq!(take(("GET", "/ping/api/job"), &basic, "").dialect, "cronitor");
    assert_eq!(get("/heartbeat/ping").answer.status, 404);
    assert_eq!(take(("GET", "/heartbeat/42/pause"), &[], "").answer.status, 405);
    let pause = take(("POST", "/heartbeat/42/pause?for=1h"), &[("X-Api-Key", "k")], "");
    assert_eq!((pause.one().kind, &pause.one().fields["for"]), (Kind::Pause, &json!("1h")));
}

#[test]
fn a_token_is_needed_where_the_service_has_one() {
    let gatus = "/api/v1/endpoints/core_x/external?success=true";
    assert_eq!(take(("POST", gatus), &[], "").answer.status, 401);
    assert_eq!(take(("POST", gatus), &[("authorization", "Bearer wrong")], "").answer.status, 404);
    assert_eq!(take(("POST", gatus), &[("authorization", "Bearer bearer")], "").answer.status, 200);
    let opsgenie = "/v2/heartbeats/og/ping";
    assert_eq!(get(opsgenie).answer.status, 401);
    let sent = [("authorization", "GenieKey geniekey")];
    assert_eq!(take(("PATCH", opsgenie), &sent, "").answer.status, 202);
    assert_eq!(take(("DELETE", opsgenie), &sent, "").answer.status, 405);
}

#[test]
fn services_read_their_own_queries_and_bodies() {
    let kind = |target: &str| get(target).one().kind;
    for (query, expected) in [
        ("", Kind::Success),
        ("?status=", Kind::Success),
        ("?status=up&ping=", Kind::Success),
        ("?status=UP", Kind::Failure),
        ("?status=up&status=up", Kind::Failure),
        ("?status=up&msg=start", Kind::Success),
    ] {
        assert_eq!(kind(&format!("/api/push/tok{query}")), expected, "kuma {query}");
    }
    let borgmatic = [("user-agent", "borgmatic/2.1")];
    let began = take(("GET", "/api/push/tok?status=up&msg=start"), &borgmatic, "");
    assert_eq!(began.one().kind, Kind::Start);
    for (query, expected) in [
        ("?s=0", Kind::Success),
        ("?s=", Kind::Success),
        ("?s=2", Kind::Failure),
        ("?s=bad", Kind::Failure),
    ] {
        assert_eq!(kind(&format!("/snitch{query}")), expected, "snitch {query}");
    }
    for (query, expected) in [
        ("?state=run", Kind::Start),
        ("?state=complete&status_code=24", Kind::Warning),
        ("?state=ok&state=fail", Kind::Failure),
        ("?state=new", Kind::Log),
        ("/fail?state=complete", Kind::Success),
        ("", Kind::Success),
    ] {
        assert_eq!(kind(&format!("/p/api/job{query}")), expected, "cronitor {query}");
    }
    assert!(get("/api/v1/push/tok?status=3").heard[0].1.is_none());
    assert_eq!(get("/api/v1/push/tok?status=2").one().kind, Kind::Log);
    let bad =
        take(("POST", "/od/finished"), &[], "{\"exit_code\":2,\"runtime\":0.5,\"memory\":1024}");
    assert_eq!((bad.one().kind, bad.one().duration_ms), (Kind::Failure, Some(500)));
    assert_eq!(bad.one().metrics.number("memory"), Some(1024.0));
    for (metrics, expected) in [
        ("job_last_exit_code 1\njob_last_success_timestamp_seconds 5\n", Kind::Failure),
        ("job_last_exit_code{a=\"} 0\"} 0\nx_last_success_unixtime 1.79e9\n", Kind::Success),
        ("resticprofile_backup_status{profile=\"x\"} 0\n", Kind::Failure),
        ("resticprofile_backup_status 1\n", Kind::Warning),
        ("resticprofile_backup_status 2\n", Kind::Success),
        ("job_last_start_timestamp_seconds 1\n", Kind::Start),
        ("queue_length 5\n", Kind::Log),
        ("queue_length NaN\n\u{ff}", Kind::Log),
    ] {
        let came = take(("PUT", "/metrics/job/job"), &[], metrics);
        assert_eq!(came.one().kind, expected, "{metrics}");
    }
    let upsert = take(
        ("POST", "/api/1/cron/slug/pub"),
        &[("content-type", "application/json")],
        &json!({"status": "in_progress", "monitor_config": {
            "schedule": {"type": "interval", "value": 2, "unit": "hour"}, "checkin_margin": 5,
            "max_runtime": 30, "timezone": "Europe/Berlin", "failure_issue_threshold": 3}})
        .to_string(),
    );
    let definition = upsert.one().definition.clone().unwrap();
    assert_eq!(definition.schedule.as_deref(), Some("every 2h"));
    assert_eq!((definition.grace.as_deref(), definition.tolerance), (Some("5m"), Some(2)));
    let note = take(("POST", "/"), &[], "{\"topic\":\"topic\",\"title\":\"backup failed\"}");
    assert_eq!(
        (note.one().kind, note.one().message.as_deref()),
        (Kind::Log, Some("backup failed"))
    );
    assert_eq!(take(("POST", "/any/fail"), &[], "{\"status\":\"ok\"}").one().kind, Kind::Failure);
}

#[test]
fn events_are_taken_one_by_one() {
    let body = json!([
        {"kind": "start", "monitor": "nightly", "run_id": RID, "seq": 0, "at": "2026-11-20T09:31:25Z"},
        {"kind": "sleep"}, 5,
        {"kind": "success", "monitor": "nightly", "run_id": RID, "seq": 4_294_967_295_u64},
    ]);
    let bearer = [("authorization", "Bearer key")];
    let read_at = |target: &str| {
        with(("POST", target), &bearer, body.to_string().as_bytes(), |request| {
            let Route::Literal { dialect, spot } = route(request) else { panic!("{target}") };
            read(dialect, &spot, request).unwrap()
        })
    };
    for (target, key) in [
        (format!("/hb/{UUID}/events"), vec![UUID]),
        ("/hb/key/nightly/events".to_owned(), vec!["key", "nightly"]),
        ("/api/hb/v1/events".to_owned(), vec!["key", "nightly"]),
    ] {
        let told = read_at(&target);
        assert_eq!(told.len(), 4);
        assert_eq!(told[0].keys, [key], "{target}");
        let heard: Vec<bool> =
            told.iter().map(|told| matches!(told.heard, Heard::Event(_))).collect();
        assert_eq!(heard, [true, false, false, true]);
    }
    for (headers, body, status) in [
        (&[][..], "[]", 401),
        (&bearer[..], "nothing", 400),
        (&bearer[..], &format!("[{}1]", "1,".repeat(1_000)), 413),
    ] {
        assert_eq!(take(("POST", "/api/hb/v1/events"), headers, body).answer.status, status);
    }
    let result = |became, untaken| {
        let run_id = Some("r".to_owned());
        EventResult { run_id, seq: Some(1), became, untaken }
    };
    let refused = Err("no such monitor".to_owned());
    let untaken = vec![("schedule".to_owned(), "it has 4 fields".to_owned())];
    let answer = answer_events(&[
        result(Ok(Accepted::Duplicate), Vec::new()),
        result(refused, Vec::new()),
        result(Ok(Accepted::Stored), untaken),
    ]);
    assert_eq!(
        serde_json::from_slice::<Value>(&answer.body).unwrap(),
        json!([
            {"run_id": "r", "seq": 1, "result": "duplicate"},
            {"run_id": "r", "seq": 1, "result": "refused", "reason": "no such monitor"},
            {"run_id": "r", "seq": 1, "result": "stored", "untaken": {"schedule": "it has 4 fields"}},
        ])
    );
}

#[test]
fn programs_that_only_look_at_links_are_known() {
    let check = |method: &str, agent: &str, expected: bool| {
        with((method, "/ping/x"), &[("User-Agent", agent)], b"", |request| {
            assert_eq!(is_link_preview(request), expected, "{agent}");
        });
    };
    check("GET", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", true);
    check("HEAD", "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", true);
    check("GET", "TelegramBot (like TwitterBot)", true);
    check("GET", "WhatsApp/2.23.20.0", true);
    check("POST", "Slackbot 1.0", false);
    check("GET", "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0", false);
    check("GET", "curl/8.5.0", false);
    check("GET", "", false);
    with(("GET", "/x"), &[], b"", |request| {
        assert_eq!(answer("healthchecks", &taken(None), request).status, 200);
    });
}
