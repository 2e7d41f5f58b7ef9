//! Tests of spans: the shared vectors, the words of refusals, and the way back.

use std::time::{Duration, Instant};

use super::{SPAN_MAX, SpanFault, compact, format, parse, parse_with_ms};

#[test]
fn every_vector_gets_its_verdict_within_ten_milliseconds() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/it/data/durations.json")).unwrap();
    let accepted = ["d0490", "d0491"];
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() > 300);
    for case in cases {
        let (id, input) = (case["id"].as_str().unwrap(), case["in"].as_str().unwrap());
        let seconds = case["secs"].as_u64();
        // A loaded machine may take the processor away in between; it does not do so each time.
        let is_quick = (0..20).any(|_| {
            let started = Instant::now();
            let _ = parse(input);
            started.elapsed().as_millis() < 10
        });
        assert!(is_quick, "{id} is slow");
        let got = parse(input);
        match case["verdict"].as_str().unwrap() {
            "ok" | "zero" => {
                assert_eq!(got, Ok(Duration::from_secs(seconds.unwrap())), "{id} {input}")
            }
            // A number of a thousand digits is refused for its text alone.
            "limit" if input.len() > 256 => {
                assert_eq!(got.unwrap_err().fault, SpanFault::Endless, "{id}");
            }
            "limit" => assert_eq!(got.unwrap_err().fault, SpanFault::TooLong, "{id}"),
            "disputed" if accepted.contains(&id) => {
                assert_eq!(got, Ok(Duration::from_secs(seconds.unwrap_or(5400))), "{id}");
            }
            _ => {
                let said = got.expect_err(id).to_string();
                assert!(
                    said.len() <= 120 && !said.contains('\n') && said.is_ascii(),
                    "{id}: {said}"
                );
            }
        }
    }
}

#[test]
fn refusals_say_what_to_write_instead() {
    for (input, said, hint) in [
        (
            "1M",
            "`1M` is not a span of time: its unit is unknown",
            "months have no fixed length; write `30d`, or `1m` for minutes",
        ),
        ("1.5h", "`1.5h` is not a span of time: only whole numbers are read", "write `1h30m`"),
        ("0.5d", "`0.5d` is not a span of time: only whole numbers are read", "write `12h`"),
        (
            "2years",
            "`2years` is not a span of time: its unit is unknown",
            "years have no fixed length; write `730d`",
        ),
        (
            "1H",
            "`1H` is not a span of time: its unit is unknown",
            "units are lower case; write `1h`",
        ),
        (
            "30m1h",
            "`30m1h` is not a span of time: a larger unit follows a smaller one",
            "largest unit first and each once: write `1h30m`",
        ),
        (
            "1m1m",
            "`1m1m` is not a span of time: a unit is repeated",
            "largest unit first and each once: write `2m`",
        ),
        (
            "5 minutess",
            "`5 minutess` is not a span of time: its unit is unknown",
            "did you mean `minutes`?",
        ),
        (
            "1h30",
            "`1h30` is not a span of time: a number has no unit",
            "write a unit after every number, as in `1h30m`",
        ),
        (
            "500ms",
            "`500ms` is not a span of time: whole seconds are the smallest step here",
            "the smallest unit is `s`",
        ),
        ("@daily", "`@daily` is not a span of time: a number is missing", "write `1d`"),
    ] {
        let error = parse(input).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.hint.as_deref()), (said, Some(hint)));
    }
    assert_eq!(
        parse("4000d").unwrap_err().to_string(),
        "`4000d` is too long: the most is 3650 days"
    );
    assert_eq!(parse("3650d"), Ok(SPAN_MAX));
}

#[test]
fn milliseconds_are_read_where_they_are_wanted() {
    for (input, ms) in [("500ms", 500), ("250 ms", 250), ("1s 5ms", 1005), ("2", 2000)] {
        assert_eq!(parse_with_ms(input), Ok(Duration::from_millis(ms)), "{input}");
    }
    assert_eq!(parse_with_ms("5us").unwrap_err().fault, SpanFault::BelowSecond);
}

#[test]
fn spans_are_written_as_people_read_them() {
    for (ms, expected) in [
        (0, "0s"),
        (340, "340ms"),
        (1_000, "1s"),
        (12_549, "12.5s"),
        (59_999, "59.9s"),
        (60_000, "1m"),
        (5_405_000, "1h 30m 5s"),
        (183_600_000, "2d 3h"),
        (86_400_000, "1d"),
        (86_459_999, "1d"),
    ] {
        assert_eq!(format(Duration::from_millis(ms)), expected);
    }
    assert_eq!(format(Duration::from_nanos(7)), "<1ms");
    for seconds in 0..100_000_u64 {
        let ms = seconds * 1_003;
        assert_eq!(parse_with_ms(&compact(ms)), Ok(Duration::from_millis(ms)));
    }
}
