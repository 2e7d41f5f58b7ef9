//! Other systems' bugs, one story each; the numbers are those of the trackers.

use super::script::{Story, play};

#[test]
fn blind_across_a_deadline_and_the_job_ran() {
    let story = play(
        "0 3 * * * | grace 1h",
        "1 03:10 success
         2 04:35 blind from=2T02:10         => unknown wake=2T04:50
         2 04:40 success at=2T03:20         => up due=3T03:00
         2 05:00 tick                       => up",
    );
    assert!(!story.told().iter().any(|told| told.ends_with("missed")), "{:?}", story.told());
}

#[test]
fn blind_across_a_deadline_and_the_job_did_not_run() {
    let story = play(
        "0 3 * * * | grace 1h",
        "1 03:10 success
         2 04:35 blind from=2T02:10         => unknown
         2 09:00 tick                       => missed since=2T04:50",
    );
    assert_eq!(story.told().iter().filter(|told| told.ends_with(">missed")).count(), 1);
    // A deadline that comes while clients still deliver is in doubt as well; one behind it is not.
    play(
        "0 3 * * * | grace 1h",
        "1 03:10 success
         2 03:55 blind from=2T03:50         => late wake=2T04:00:00.500
         2 04:00:01 tick                    => unknown wake=2T04:10
         2 04:10 tick                       => missed",
    );
    play(
        "0 3 * * * | grace 1h",
        "1 03:10 success\n 2 03:40 blind from=2T03:30\n 2 04:00:01 tick => missed",
    );
    // Leases and limits as well.
    play(
        "- | at-most 2h",
        "1 01:00 start a lease=1m           => running
         1 02:00 blind from=1T01:01         => unknown wake=1T02:01
         1 02:00:30 progress a lease=5m     => running wake=1T02:06:30
         1 03:10 blind from=1T02:05         => unknown
         1 03:10:30 success a               => up",
    );
}

#[test]
fn restarts_do_not_put_an_alarm_off() {
    // gatus#1237: every hour, and an interval of 25 h.
    let mut story = Story::new("every 25h | grace 1h");
    story.play("1 00:00 success");
    for hour in 1..48 {
        let (day, hour) = (1 + hour / 24, hour % 24);
        story.play(&format!("{day} {hour:02}:00:03 blind from={day}T{hour:02}:00:00"));
    }
    assert_eq!(story.told()[3], "2T02:15:03 unknown>missed", "{:?}", story.told());
    // Every five seconds for a quarter of an hour, and an interval of a minute.
    for grace in ["60s", "10m"] {
        let mut story = Story::new(&format!("every 1m | tolerance 0 | grace {grace}"));
        story.play("1 00:00 success");
        for second in (0..3_600).step_by(5) {
            let until = format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
            story.play(&format!("1 {until}.900 blind from=1T{until}"));
        }
        let missed = story.changes.last().expect("a change").at.epoch_ms();
        let deadline = story.state.deadline_at(&story.rules).expect("one").epoch_ms();
        let window = story.rules.grace.as_millis() as i64;
        assert_eq!(story.state.status().word(), "missed");
        assert!(missed <= deadline + window + 1_000, "{grace}: {:?}", story.told());
        // What was in doubt stays so for its time, however many restarts there are to remember.
        assert!(missed >= deadline + window - 120_000, "{grace}: {:?}", story.told());
    }
    // A short one just before does not cut the doubt about a long one.
    let story = play(
        "0 1 * * * | grace 1h5m",
        "1 01:10 success
         2 01:55:05 blind from=2T01:55:00   => late
         2 04:00 blind from=2T02:00:00      => unknown wake=2T04:15
         2 04:10 success at=2T02:01         => up",
    );
    assert!(!story.told().iter().any(|told| told.ends_with("missed")), "{:?}", story.told());
}

#[test]
fn a_restart_while_down_tells_nothing() {
    // kuma#4085
    let mut story = play("every 1h | grace 10m", "1 00:00 success\n 1 02:00 tick => missed");
    let text = serde_json::to_string(&story.state).expect("JSON");
    story.state = serde_json::from_str(&text).expect("its own");
    story.play("1 03:00 blind from=1T02:30 => missed changes=0\n 1 04:00 tick => missed changes=0");
}

#[test]
fn a_failure_is_a_sign_of_life() {
    // kuma#5639
    let story = play(
        "every 1h | grace 10m",
        "1 00:00 success\n 1 01:05 failure => failed due=1T02:05\n 1 02:30 tick => failed changes=0",
    );
    assert_eq!(story.told(), ["1T00:00 new>up", "1T01:00 up>late", "1T01:05 late>failed"]);
}

#[test]
fn down_then_late_then_up_is_one_recovery() {
    // kuma#5742, maintenant#67
    let story = play(
        "every 1h | grace 10m",
        "1 00:00 failure => failed\n 1 01:00 tick => failed\n 1 01:05 start => failed\n 1 01:06 success => up",
    );
    assert_eq!(story.told(), ["1T00:00 new>failed", "1T01:06 failed>up"]);
}

#[test]
fn a_ping_in_the_second_of_the_deadline() {
    // kuma#1747
    for ms in ["00.000", "00.005", "00.499"] {
        let mut story = Story::new("every 1h | grace 10m");
        story.play("1 00:00 success\n 1 01:10:00.004 tick => late");
        story.play(&format!("1 01:10:{ms} success => up"));
        assert_eq!(story.told().last().expect("told").split(' ').nth(1), Some("late>up"));
    }
}

#[test]
fn a_new_start_does_not_hide_an_overrun() {
    // sentry#93492, sentry#68161
    play(
        "0 * * * * | grace 50m | at-most 30m",
        "1 01:00 start a        => running
         1 01:30 tick           => overrun runs=overrun
         1 02:00 start b        => missed
         1 02:00 success a      => running
         1 02:01 success b      => up",
    );
}

#[test]
fn starts_alone_satisfy_nothing() {
    let mut story = Story::new("every 1h | grace 10m | at-most 30m");
    for hour in 0..9 {
        story.play(&format!("1 {hour:02}:30 start r{hour}"));
    }
    assert!(story.told().contains(&"1T01:10 overrun>missed".to_owned()), "{:?}", story.told());
    assert_eq!(story.state.status().word(), "missed");
    // maintenant: a start does not extend the deadline.
    play("every 1h | grace 10m", "1 00:00 success\n 1 01:09 start => running deadline=1T01:10");
}

#[test]
fn two_hours_of_daylight_saving_time() {
    // sentry#79813
    let rules = "30 2 * * * | zone Europe/Berlin | grace 1h";
    // 02:30 does not exist on the 29th: cron runs at 03:00, which is 01:00 UTC.
    play(
        rules,
        "28 01:35 success                  => up due=29T01:00
         29 01:05 success                  => up due=30T00:30
         30 00:35 success                  => up due=31T00:30",
    );
    // It exists twice on 25 October; a run at either is the one of the day.
    let day = "2026-10-24 00:35 success         => up due=2026-10-25T00:30";
    let first = "2026-10-25 00:31 success       => up due=2026-10-26T01:30";
    let second = "2026-10-25 01:29 success      => up due=2026-10-26T01:30";
    let minutes: String =
        (0..60).map(|minute| format!("2026-10-25 02:{minute:02} tick => up changes=0\n")).collect();
    play(rules, &[day, first, &minutes].join("\n"));
    play(rules, &[day, second, &minutes].join("\n"));
    play(rules, &[day, first, second, &minutes].join("\n"));
}

#[test]
fn a_day_is_one_by_the_clock_on_the_wall() {
    // A job at 03:00 on the wall: the long day in autumn is no reason to be missed, also with little grace.
    play(
        "every 1d | zone Europe/Berlin | grace 5m",
        "2026-10-24 01:00 success                => up due=2026-10-25T02:00
         2026-10-25 01:59 tick                   => up
         2026-10-25 02:01 success                => up due=2026-10-26T02:01
         2026-10-26 02:06:01 tick                => missed",
    );
    // The short day in spring asks for nothing sooner, nor does an interval of hours.
    play(
        "every 24h..48h | zone Europe/Berlin | grace 5m",
        "28 02:00 success => up due=29T02:00 deadline=30T02:05\n 29 01:00 success => up due=30T01:00",
    );
    play(
        "every 25h | zone Europe/Berlin | grace 5m",
        "2026-10-24 01:00 success                => up due=2026-10-25T02:00",
    );
    play("every 7d | grace 5m", "2026-10-24 01:00 success => up due=2026-10-31T01:00");
}

#[test]
fn the_clock_jumps_an_hour() {
    // Forward: the receiver takes the jump for blind time, and the jobs answer meanwhile.
    let story = play(
        "every 30m | grace 10m",
        "1 00:00 success
         1 01:05 blind from=1T00:05     => unknown
         1 01:06 success                => up",
    );
    assert!(!story.told().iter().any(|told| told.ends_with("missed")));
    // Back: what was heard in the wrong hour was heard just now, and no alarm is lost.
    play(
        "every 30m | grace 10m",
        "1 05:00 success                => up
         1 04:00 tick                   => up due=1T04:30 wake=1T04:30
         1 04:40:01 tick                => missed",
    );
    play(
        "0 * * * * | grace 10m",
        "2026-03-02 05:02 success                => up
         2038-03-02 05:02 success                => up
         2026-03-02 05:03 tick                   => up due=2026-03-02T06:00
         2026-03-02 06:10:01 tick                => missed",
    );
}
