//! `hb schedule`: next moments as other programs read them, and refusals as a person reads them.

use serde_json::json;

use crate::hb::{Home, check};
use crate::server::Server;

#[test]
fn next_moments_are_utc_and_strictly_after() {
    let home = Home::new();
    let next = |words: &[&str], stdout: &str| {
        let words = [&["schedule", "next", "--json", "--tz", "Europe/Berlin"], words].concat();
        check(&mut home.hb(&words), 0, stdout, "");
    };
    next(
        &["--from", "2026-03-27T01:30:00Z", "-n", "3", "30 2 * * *"],
        "[\"2026-03-28T01:30:00Z\",\"2026-03-29T01:00:00Z\",\"2026-03-30T00:30:00Z\"]\n",
    );
    next(
        &["--kind", "calendar", "--from", "2026-03-28T12:00:00Z", "-n", "1", "--", "02:30"],
        "[\"2026-03-30T00:30:00Z\"]\n",
    );
    next(
        &["--from", "2026-10-24T23:00:00Z", "-n", "2", "CRON_TZ=UTC 0 1 * * * root /bin/true"],
        "[\"2026-10-25T01:00:00Z\",\"2026-10-26T01:00:00Z\"]\n",
    );
}

#[test]
fn a_span_is_whole_seconds() {
    let home = Home::new();
    for words in [&["--duration", "1h30m"][..], &["--duration", "--", "1h30m"]] {
        let words = [&["schedule", "next", "--json"], words].concat();
        check(&mut home.hb(&words), 0, "5400\n", "");
    }
    let words = ["schedule", "next", "--duration", "5M"];
    let told = crate::hb::Seen::of(&mut home.hb(&words));
    assert_eq!((told.status, told.stdout.as_str()), (64, ""), "{told:?}");
}

#[test]
fn an_explanation_says_what_was_understood() {
    let home = Home::new();
    let words = ["schedule", "explain", "--tz", "Europe/Berlin", "-n", "2"];
    let words = [&words[..], &["--from", "2026-03-28T12:00:00Z", "30 2 * * *"]].concat();
    let said = "at 02:30\n\
                time zone Europe/Berlin\n\
                \n\
                2026-03-29 03:00:00 +02:00   2026-03-29T01:00:00Z\n\
                2026-03-30 02:30:00 +02:00   2026-03-30T00:30:00Z\n";
    check(&mut home.hb(&words), 0, said, "");
}

#[test]
fn a_wrong_schedule_is_refused_with_the_repair() {
    let home = Home::new();
    for (words, why) in [
        (
            &["0 0 * * MON-SUN"][..],
            "hb: `0 0 * * MON-SUN` is no schedule: `MON-SUN` runs backwards: cron takes it and never \
             runs it\nhint: for cron `SUN` is 0; write `MON-7`\n",
        ),
        (
            &["--kind", "calendar", "2020-01-01", "--from", "2026-01-01T00:00:00Z"],
            "hb: `2020-01-01` never happens after 2026-01-01T00:00:00Z\n",
        ),
        (
            &["1h", "--tz", "europe/berlin"],
            "hb: there is no time zone `europe/berlin`, did you mean `Europe/Berlin`?\n",
        ),
        (
            &["1h", "--kind", "cronn"],
            "hb: there is no kind `cronn`; write cron, calendar, every or window\n",
        ),
        (&["1h", "--from", "now"], "hb: `now` is no moment; write it as 2026-03-29T01:00:00Z\n"),
    ] {
        let words = [&["schedule", "next"], words].concat();
        check(&mut home.hb(&words), 64, "", why);
    }
}

#[test]
fn a_whole_line_of_a_crontab_is_the_schedule_of_a_monitor() {
    let home = Home::new();
    let server = Server::start(&home);
    let line = "CRON_TZ=Europe/Berlin 30 2 * * 1-5 root /usr/local/bin/backup >/dev/null 2>&1";
    let made =
        server.monitor(json!({ "slug": "nightly", "schedule": line, "timezone": "Asia/Tokyo" }));
    assert_eq!(made["explanation"], "at 02:30, on Monday to Friday", "{made:#}");
    let due_at = made["due_at"].as_str().expect("a moment");
    assert!(due_at.ends_with("T01:30:00.000Z") || due_at.ends_with("T00:30:00.000Z"), "{due_at}");
}
