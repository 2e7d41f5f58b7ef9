//! The words, numbers and moments of payloads, in the spellings of many clients.

use serde_json::json;

use super::registry::Came;
use super::shapes::{get, take};
use crate::domain::event::Kind;

/// What a request at OneUptime's URL tells.
fn told(body: &str) -> Came {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    take(("POST", "/heartbeat/ou"), &form, body)
}

#[test]
fn the_words_of_payloads_tell_their_kind() {
    for (words, kind) in [
        ("ok up success Completed succeeded finished done passed OK", Kind::Success),
        ("warn warning partial degraded", Kind::Warning),
        ("error fail failed FAILURE down critical timeout aborted", Kind::Failure),
        ("start started running in_progress in-progress begin", Kind::Start),
        ("verified", Kind::Verified),
        ("progress", Kind::Progress),
        ("log info", Kind::Log),
        ("preparing verifying uploading", Kind::Stage),
    ] {
        for word in words.split(' ') {
            let came = told(&json!({ "status": word }).to_string());
            assert_eq!(came.one().kind, kind, "{word}");
            let stage = (kind == Kind::Stage).then(|| word.to_owned());
            assert_eq!(came.one().stage, stage, "{word}");
        }
    }
    for (body, kind) in [
        ("{\"test\":true}", Kind::Test),
        ("{\"test\":true,\"status\":\"failed\"}", Kind::Test),
        ("{\"test\":\"yes\",\"status\":\"failed\"}", Kind::Failure),
        ("{\"success\":false}", Kind::Failure),
        ("{\"success\":true}", Kind::Success),
        ("{}", Kind::Success),
        ("[]", Kind::Success),
        ("{\"status\":\"completed\",\"exit_code\":1}", Kind::Failure),
        ("{\"status\":\"completed\",\"exit_code\":\"-9\"}", Kind::Failure),
        ("{\"status\":\"completed\",\"exit_code\":0}", Kind::Success),
        ("{\"status\":\"completed\",\"warning\":true}", Kind::Warning),
        ("status=failed&error=boom", Kind::Failure),
        ("all is well", Kind::Success),
        ("an error occurred", Kind::Failure),
        ("", Kind::Success),
    ] {
        assert_eq!(told(body).one().kind, kind, "{body}");
    }
    assert_eq!(get("/heartbeat/ou?status=failed").one().kind, Kind::Failure);
    assert_eq!(get("/heartbeat/ou?utm=1").one().kind, Kind::Success);
}

#[test]
fn human_numbers_become_metrics_and_keep_their_spelling() {
    let body = json!({
        "status": "completed", "end_time": "2026-11-20T09:31:37", "total_files": "1,234,567",
        "total_size": "45.2GB", "transfer_rate": "25MB/s", "compression_ratio": "3.2:1",
        "verification_hash": "sha256:abc", "database": "production", "version": "15",
        "small": "123 bytes", "rows": 12, "compressed": true, "bucket": {"region": ["eu"]},
        "size": 0, "expected_duration": "1h30m", "duration": "2m", "matches_expected": false,
        "hostname": "db1", "environment": "prod", "metrics": {"depth": 3},
    });
    let came = told(&body.to_string());
    let arrival = came.one();
    for (name, number) in [
        ("total_files", 1_234_567.0),
        ("total_size", 45.2e9),
        ("transfer_rate", 25e6),
        ("compression_ratio", 3.2),
        ("small", 123.0),
        ("rows", 12.0),
        ("size", 0.0),
        ("depth", 3.0),
    ] {
        assert_eq!(arrival.metrics.number(name), Some(number), "{name}");
    }
    for (name, text) in [
        ("total_size", "45.2GB"),
        ("verification_hash", "sha256:abc"),
        ("database", "production"),
        ("version", "15"),
    ] {
        assert_eq!(arrival.fields[name], text, "{name}");
    }
    assert_eq!(arrival.fields["bucket"], json!({"region": ["eu"]}));
    assert_eq!((arrival.expected_ms, arrival.duration_ms), (Some(5_400_000), Some(120_000)));
    assert_eq!(arrival.matches_expected, Some(false));
    assert_eq!((arrival.host.as_deref(), arrival.env.as_deref()), (Some("db1"), Some("prod")));
    assert!(arrival.metrics.number("version").is_none(), "a version is a name");
    assert_eq!(arrival.at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-20T09:31:37.000Z"));
}

#[test]
fn moments_come_in_many_spellings() {
    for (value, expected) in [
        (json!(1_795_167_097), Some(1_795_167_097_000)),
        (json!("1795167097"), Some(1_795_167_097_000)),
        (json!(1_795_167_097.5), Some(1_795_167_097_500)),
        (json!(1_795_167_097_500_i64), Some(1_795_167_097_500)),
        (json!("1795167097500"), Some(1_795_167_097_500)),
        (json!(1_795_167_097_500_000_i64), Some(1_795_167_097_500)),
        (json!("1795167097500000001"), Some(1_795_167_097_500)),
        (json!("2026-11-20T09:31:37Z"), Some(1_795_167_097_000)),
        (json!("2026-11-20T09:31:37"), Some(1_795_167_097_000)),
        (json!("2026-11-20 09:31:37"), Some(1_795_167_097_000)),
        (json!("2026-11-20T10:31:37+01:00"), Some(1_795_167_097_000)),
        (json!("2026-11-20T10:31:37+0100"), Some(1_795_167_097_000)),
        (json!("2026-11-20T09:31:37.500Z"), Some(1_795_167_097_500)),
        (json!(0), Some(0)),
        (json!(-1), Some(-1000)),
        (json!("yesterday"), None),
        (json!("9999-99-99T00:00:00Z"), None),
        (json!(1e300), None),
        (json!(true), None),
        (json!([]), None),
    ] {
        let came = told(&json!({"status": "completed", "timestamp": value}).to_string());
        assert_eq!(came.one().at.map(|at| at.epoch_ms()), expected, "{value}");
    }
}

#[test]
fn json_at_a_url_of_one_word_tells_what_happened() {
    for (target, body, kind) in [
        ("/api/v1/heartbeat/bs", "{\"test\":true}", Kind::Test),
        ("/api/v1/heartbeat/bs", "{\"status\":\"failed\",\"exit_code\":3}", Kind::Failure),
        ("/api/v1/heartbeat/bs", "{\"status\":\"ok\",\"exit_code\":3}", Kind::Failure),
        ("/api/v1/heartbeat/bs", "{\"status\":\"whatever\"}", Kind::Success),
        ("/api/v1/heartbeat/bs", "status=failed", Kind::Success),
        ("/api/v1/heartbeat/bs", "[]", Kind::Success),
        // A word in the path was put there by a person.
        ("/api/v1/heartbeat/bs/fail", "{\"status\":\"ok\"}", Kind::Failure),
        ("/api/v1/heartbeat/bs/ping", "{\"status\":\"failed\"}", Kind::Failure),
        ("/heartbeat/ping/42", "{\"test\":true}", Kind::Test),
        ("/heartbeat/ping/42", "{\"status\":\"failed\"}", Kind::Failure),
    ] {
        let came = take(("POST", target), &[], body);
        assert_eq!(came.one().kind, kind, "{target} {body}");
        assert_eq!(came.one().output, body.as_bytes(), "{target} {body}");
    }
}

#[test]
fn at_hbs_own_url_json_is_output_but_for_a_test() {
    for (body, kind) in [
        ("{\"test\":true}", Kind::Test),
        (" { \"test\" : true }\n", Kind::Test),
        ("{\"test\":true,\"status\":\"failed\"}", Kind::Success),
        ("{\"status\":\"failed\"}", Kind::Success),
    ] {
        let came = take(("POST", "/hb/key/nightly"), &[], body);
        assert_eq!(came.one().kind, kind, "{body}");
    }
    let came = take(("POST", "/hb/key/nightly/fail"), &[], "{\"test\":true}");
    assert_eq!(came.one().kind, Kind::Failure);
}
