//! Every limit, and what happens at it.

use serde_json::{Value, json};

use super::registry::{Registry, with};
use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::ping::bounds::{
    FIELD_DEPTH_MAX, FIELD_NAME_BYTES_MAX, FIELD_TEXT_BYTES_MAX, FIELDS_BYTES_MAX, FIELDS_MAX,
};
use crate::domain::ping::{
    OUTPUT_BYTES_MAX, OUTPUT_HEAD_BYTES, PING_BODY_LIMIT, Unpacked, mask, settle, unpack,
};
use crate::domain::time::Moment;

/// What a monitor of OneUptime's hears of this body.
fn heard(body: &[u8]) -> Arrival {
    let registry = Registry {
        aliases: vec![(vec!["k".to_owned()], "oneuptime".to_owned())],
        ..Registry::default()
    };
    with(("POST", "/heartbeat/k"), &[], body, |request| registry.take(request).one().clone())
}

#[test]
fn json_that_is_not_read_does_not_lose_its_failure() {
    let tower = format!("{{\"status\":\"failed\",\"x\":{}", "[".repeat(100_000));
    for body in [
        tower.as_str(),
        "{\"status\": \"failed\", \"size\": 1e999}",
        "{\"status\" : \"failed\", \"log\": \"and then the body was cut",
        "{\"status\":\"failed\",\"size\":NaN}",
        "\u{feff} {\"status\":\"failed\"}",
        "{\"status\":\"completed\",\"status\":\"failed\"}",
    ] {
        assert_eq!(heard(body.as_bytes()).kind, Kind::Failure, "{}", &body[..30.min(body.len())]);
    }
    let digits = format!("{{\"status\":\"completed\",\"size\":{}}}", "9".repeat(1_000_000));
    assert_eq!(heard(digits.as_bytes()).kind, Kind::Success);
}

#[test]
fn fields_have_five_limits() {
    let fields = |value: Value| heard(value.to_string().as_bytes()).fields;
    let many: serde_json::Map<String, Value> =
        (0..FIELDS_MAX + 20).map(|number| (format!("name{number}"), json!("x"))).collect();
    assert_eq!(fields(Value::Object(many)).len(), FIELDS_MAX);

    let (fits, long) = ("n".repeat(FIELD_NAME_BYTES_MAX), "n".repeat(FIELD_NAME_BYTES_MAX + 1));
    let kept = fields(json!({ &fits: true, &long: true }));
    assert_eq!(kept.keys().collect::<Vec<_>>(), [&fits]);

    let text = "é".repeat(FIELD_TEXT_BYTES_MAX);
    let kept = fields(json!({ "text": text }));
    assert_eq!(kept["text"].as_str().unwrap().len(), FIELD_TEXT_BYTES_MAX);

    let deep = (0..20).fold(json!("bottom"), |inside, _| json!([inside]));
    let mut kept = &fields(json!({ "deep": deep }))["deep"];
    let mut depth = 0;
    while let Value::Array(inside) = kept {
        (kept, depth) = (&inside[0], depth + 1);
    }
    assert_eq!((depth, kept.as_str()), (FIELD_DEPTH_MAX, Some("…")));

    let wide: Vec<String> = (0..50).map(|_| "w".repeat(FIELD_TEXT_BYTES_MAX)).collect();
    let wide: serde_json::Map<String, Value> =
        wide.into_iter().enumerate().map(|(at, text)| (format!("w{at}"), json!(text))).collect();
    let kept = Value::Object(fields(Value::Object(wide))).to_string();
    assert!(kept.len() <= FIELDS_BYTES_MAX && kept.len() > FIELDS_BYTES_MAX / 2, "{}", kept.len());
}

#[test]
fn of_a_long_body_the_beginning_and_the_end_are_kept() {
    let registry = Registry {
        aliases: vec![(vec!["k".to_owned()], "healthchecks".to_owned())],
        ..Registry::default()
    };
    let heard = |body: &[u8]| {
        with(("POST", "/ping/k/fail"), &[], body, |request| registry.take(request).one().clone())
    };
    let promised = b"A".repeat(PING_BODY_LIMIT);
    assert_eq!(heard(&promised).output, promised, "what is promised is kept whole");
    let head = b"A".repeat(OUTPUT_HEAD_BYTES);
    let long = [&head[..], &b"B\n".repeat(90_000)[..], b"FATAL: disk full\n"].concat();
    let arrival = heard(&long);
    assert!(arrival.output.starts_with(&head) && arrival.output.ends_with(b"FATAL: disk full\n"));
    assert!(arrival.output.len() <= OUTPUT_BYTES_MAX);
    let text = String::from_utf8_lossy(&arrival.output[OUTPUT_HEAD_BYTES..]).into_owned();
    let marker = text.lines().nth(1).unwrap();
    let missing: u64 =
        marker.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
    let marker_bytes = marker.len() as u64 + 2;
    assert_eq!(missing + arrival.output.len() as u64 - marker_bytes, long.len() as u64);
    assert_eq!(arrival.output_bytes, long.len() as u64);
}

#[test]
fn packed_bodies_are_unpacked_within_bounds() {
    use std::io::Write;
    let gzip = |plain: &[u8]| {
        let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        to.write_all(plain).unwrap();
        to.finish().unwrap()
    };
    let text = b"one line of an envelope\n".repeat(100);
    assert_eq!(unpack("GZIP", &gzip(&text)), Unpacked::Whole(text.clone()));
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(&text).unwrap();
    assert_eq!(unpack("deflate", &zlib.finish().unwrap()), Unpacked::Whole(text.clone()));
    let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    bare.write_all(&text).unwrap();
    assert_eq!(unpack("deflate", &bare.finish().unwrap()), Unpacked::Whole(text.clone()));
    // "x" in brotli, uncompressed: a meta-block of one byte and the end.
    assert_eq!(unpack("br", &[0x0b, 0x00, 0x80, b'x', 0x03]), Unpacked::Whole(b"x".to_vec()));
    assert_eq!(unpack("snappy", &text), Unpacked::AsItIs);

    let bomb = gzip(&vec![0; 50 * 1024 * 1024]);
    let Unpacked::Cut(cut) = unpack("gzip", &bomb) else { panic!("a bomb went off") };
    assert_eq!(cut.len(), (bomb.len() * 100).min(10 * 1024 * 1024));
    let broken = &gzip(&text)[..30];
    assert!(matches!(unpack("gzip", broken), Unpacked::Cut(_)));
    assert_eq!(unpack("br", b"\xff\xff\xff"), Unpacked::Cut(Vec::new()));
}

#[test]
fn nothing_that_could_be_a_key_is_in_a_masked_path() {
    for (path, masked) in [
        ("/ping/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278/start", "/ping/5bf6****/start"),
        ("/ping/fqOOd6-F4MMNuCEnzTU01w/nightly", "/ping/fqOO****/****"),
        ("/api/push/abcd1234", "/api/push/****"),
        ("/heartbeat/11111111-2222-4333-8444-555555555555", "/heartbeat/1111****"),
        ("/c2354d53d2", "/****"),
        ("/", "/"),
        (
            "/\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}",
            "/****",
        ),
    ] {
        assert_eq!(mask(path), masked);
    }
}

#[test]
fn a_clock_is_believed_as_far_as_it_can_be() {
    let now = 1_795_167_097_500;
    let hour = 3_600_000;
    // at, sent_at, expected: in milliseconds before now.
    for (at, sent, expected) in [
        (Some(10_000), None, Some(10_000)),
        (Some(23 * hour), None, Some(23 * hour)),
        (Some(25 * hour), None, None),
        (Some(-25 * hour), None, None),
        (Some(-hour), None, Some(0)),
        (None, None, None),
        // hb's own say when they were sent: a spooled event is believed, a wrong clock is moved.
        (Some(72 * hour), Some(0), Some(72 * hour)),
        (Some(10_000), Some(59_000), Some(10_000)),
        (Some(hour + 10_000), Some(hour), Some(10_000)),
        (Some(-hour + 10_000), Some(-hour), Some(10_000)),
    ] {
        let before = |ms: i64| Moment::from_epoch_ms(now - ms);
        let mut arrival = Arrival::new(Kind::Success);
        (arrival.at, arrival.sent_at) = (at.map(before), sent.map(before));
        settle(&mut arrival, Moment::from_epoch_ms(now));
        assert_eq!(arrival.at, expected.map(before), "{at:?} {sent:?}");
    }
    let mut arrival = Arrival::new(Kind::Success);
    arrival.started_at = Some(Moment::from_epoch_ms(i64::MAX));
    settle(&mut arrival, Moment::from_epoch_ms(now));
    assert_eq!(arrival.started_at, None);
}
