//! One story for each law.

use super::super::Reason;
use super::script::{Story, moment, play};

#[test]
fn an_interval_counts_from_the_last_finish() {
    let story = play(
        "every 1h | grace 10m",
        "1 00:00 tick           => new due=1T01:00 wake=1T01:00
         1 00:30 success        => up due=1T01:30 deadline=1T01:40 wake=1T01:30
         1 01:31 success        => up due=1T02:31
         1 02:31 tick           => late verdict=late wake=1T02:41:00.500
         1 02:41 tick           => late
         1 02:41:01 tick        => missed verdict=missed wake=none since=1T02:41
         1 09:00 tick           => missed
         1 09:01 success        => up due=1T10:01",
    );
    assert_eq!(
        story.told(),
        [
            "1T00:30 new>up",
            "1T01:30 up>late",
            "1T01:31 late>up",
            "1T02:31 up>late",
            "1T02:41 late>missed",
            "1T09:01 missed>up"
        ]
    );
    play(
        "every 4h..6h | grace 10m",
        "1 00:00 success        => up due=1T04:00 deadline=1T06:10 wake=1T06:00
         1 05:00 tick           => up verdict=due
         1 06:00 tick           => late wake=1T06:10:00.500",
    );
}

#[test]
fn a_new_monitor_is_expected_unless_it_waits() {
    play(
        "0 2 * * * | grace 1h",
        "1 00:00 tick           => new due=1T02:00 wake=1T02:00 verdict=not-due
         1 03:00:01 tick        => missed",
    );
    play(
        "0 2 * * * | grace 1h | wait",
        "1 00:00 tick           => new due=none wake=none verdict=waiting-first
         9 00:00 tick           => new
         9 01:00 start          => running due=9T02:00 wake=9T03:00:00.500
         9 03:00:01 tick        => missed",
    );
    play("- | grace 1h", "9 00:00 tick => new wake=none\n 9 01:00 success => up wake=none");
    // A test is no sign of life.
    play("0 2 * * * | wait", "9 00:00 test => new due=none verdict=waiting-first");
}

#[test]
fn a_finish_answers_the_slot_that_is_open() {
    play(
        "0 2 * * * | grace 2h",
        "1 01:58 success        => up due=1T02:00 taken=plain
         1 01:59 success        => up due=2T02:00 taken=early
         2 02:10 success        => up due=3T02:00 taken=plain
         2 12:00 success        => up due=3T02:00
         3 05:00 tick           => missed
         3 09:00 success        => up due=4T02:00 taken=late
         4 02:30 failure exit=3 => failed due=5T02:00
         4 04:30 tick           => failed
         5 02:30 success        => up due=6T02:00",
    );
    // A run of a whole day belongs to the slot in which it began.
    play(
        "0 2 * * * | grace 25h",
        "1 02:10 success        => up due=2T02:00
         2 02:00 start a        => running due=2T02:00
         3 02:05 success a      => late due=3T02:00 took=24h5m
         3 04:00 success        => up due=4T02:00",
    );
    // Not known when it began: it answers the newest slot that is open.
    play("0 2 * * * | grace 25h", "1 02:10 success\n 3 02:05 success => up due=4T02:00");
}

#[test]
fn windows_take_one_success_each() {
    play(
        "between 02:00 and 05:00 | grace 1h",
        "1 01:58 success        => up due=1T05:00
         1 02:01 success        => up due=2T05:00
         2 05:30 success        => up due=3T05:00 taken=plain
         3 06:00:01 tick        => missed
         3 12:00 success        => up due=4T05:00
         4 01:00 success        => up due=4T05:00",
    );
    play(
        "by 08:00 | grace 2h",
        "1 07:00 success        => up due=2T08:00
         1 08:10 success        => up due=2T08:00
         2 09:00 success        => up due=3T08:00
         2 20:00 success        => up due=4T08:00
         4 10:00:01 tick        => missed
         4 11:00 success        => up",
    );
}

#[test]
fn only_success_satisfies() {
    play(
        "0 2 * * * | grace 1h",
        "1 02:10 start          => running
         1 02:11 progress       => running
         1 02:12 log            => running
         1 02:13 verified       => running
         1 03:00:01 tick        => missed
         1 03:06 success        => up",
    );
    play(
        "0 2 * * * | grace 1h",
        "1 02:10 warning        => partial due=2T02:00
         2 02:00 tick           => late
         2 02:10 success        => up",
    );
}

#[test]
fn start_within_and_a_run_hold_late_back() {
    play(
        "0 2 * * * | grace 1h | start-within 5m",
        "1 02:00 tick           => new verdict=due wake=1T02:05
         1 02:05 tick           => late
         1 02:06 start a        => running verdict=due
         1 02:30 success a      => up took=24m
         2 02:01 start b        => running wake=2T03:00:00.500
         2 03:00:01 tick        => missed",
    );
}

#[test]
fn tolerance_counts_expected_runs() {
    play(
        "every 1m | grace 60s",
        "1 00:00 success        => up due=1T00:01 deadline=1T00:03
         1 00:02:30 tick        => late wake=1T00:03:00.500
         1 00:03:01 tick        => missed",
    );
    play(
        "0 2 * * * | grace 1h | tolerance 2",
        "1 02:30 success        => up
         2 05:00 tick           => late
         3 05:00 tick           => late
         4 03:00:01 tick        => missed
         4 03:05 success        => up due=5T02:00",
    );
    // A late success in the middle leaves fewer missed.
    play(
        "0 2 * * * | grace 1h | tolerance 1",
        "1 02:30 success
         3 03:00:01 tick                => missed
         3 04:00 success at=2T02:30     => late due=3T02:00 deadline=4T03:00
         4 03:00:01 tick                => missed",
    );
}

#[test]
fn a_late_word_is_judged_by_its_moment() {
    play(
        "every 1d | grace 1h",
        "2 03:00 success                => up
         2 03:05 failure at=2T02:00     => up taken=stale
         3 04:00:01 tick                => missed
         3 05:00 failure at=3T03:30     => failed
         3 05:01 success at=3T03:10     => failed taken=stale
         3 05:02 success at=3T03:40     => up due=4T03:40",
    );
    // Of two at the same moment the failure stands, whichever comes first.
    play(
        "every 1d",
        "2 03:00 success\n 2 03:01 failure at=2T03:00 => failed\n 2 03:02 success at=2T03:00 => failed",
    );
    // It closes a missed slot, but not the one after it.
    let story = play(
        "every 1h | grace 10m",
        "1 00:00 success
         1 03:00 tick                   => missed
         1 03:05 success at=1T00:50     => missed
         1 03:06 success at=1T02:50     => up due=1T03:50 changes=1",
    );
    assert_eq!(
        story.told(),
        ["1T00:00 new>up", "1T01:00 up>late", "1T01:10 late>missed", "1T03:06 missed>up"]
    );
}

#[test]
fn runs_are_matched_by_id_or_by_order() {
    play(
        "- | at-most 1h",
        "1 01:00 start a        => running open=1 wake=1T02:00
         1 01:00 start a        => running open=1 taken=duplicate
         1 01:10 start b        => running open=2
         1 01:20 success b      => running open=1 took=10m
         1 02:00 tick           => overrun
         1 02:05 start c        => overrun
         1 02:30 success a      => running open=1 took=1h30m
         1 02:31 success c      => up open=0 took=26m
         1 02:32 start a at=1T01:00  => up open=0 taken=stale
         1 02:33 failure d took=3m   => failed took=3m",
    );
    play(
        "-",
        "1 01:00 start          => running open=1
         1 01:10 start          => running open=2
         1 01:20 success        => running open=1 taken=ambiguous took=none
         1 01:30 success        => up open=0 taken=plain took=20m
         1 01:40 success        => up took=none",
    );
    // A lost finish does not leave a run open for ever.
    play(
        "-",
        "1 01:00 start
         2 01:00 start
         2 01:10 success        => running open=1
         3 01:00 start          => running open=1
         3 01:10 success        => up open=0",
    );
    play(
        "- | at-most 1h",
        "1 01:00 start
         1 05:00 tick           => overrun
         2 01:00 start          => overrun
         2 01:10 success        => up open=0 took=10m",
    );
}

#[test]
fn a_lease_is_a_promise() {
    let story = play(
        "-",
        "1 01:00 start a lease=1m       => running wake=1T01:01:30
         1 01:01 progress a lease=1m    => running wake=1T01:02:30
         1 01:01:10 progress a stalled lease=1m => stalled
         1 01:01:20 progress a lease=1m => running
         1 01:09 tick                   => vanished wake=none since=1T01:02:50
         1 01:10 progress a lease=1m    => running
         1 01:20 tick                   => vanished
         1 02:00 success b              => up open=0
         1 02:01 start c expect=10m     => running wake=1T02:11
         1 02:11 tick                   => overrun",
    );
    assert_eq!(story.told()[4], "1T01:10 vanished>running");
}

#[test]
fn what_is_older_than_all_known_ends_opens_no_run() {
    let mut story = Story::new("-");
    for run in 1..=9 {
        story.play(&format!("1 0{run}:00 start r{run}\n 1 0{run}:10 success r{run} => up open=0"));
    }
    // The first run is forgotten, and its start comes once more; the last one that is known is still open.
    story.play(
        "1 10:00 start r1 at=1T01:00 lease=1m => up open=0
         1 10:01 start r10 at=1T09:30 lease=1m => running open=1
         1 10:10 tick                          => vanished",
    );
}

#[test]
fn a_failed_verification_outranks_a_good_run() {
    play(
        "0 2 * * * | grace 1h",
        "1 02:10 success               => up
         1 03:00 verified              => up
         1 03:10 verified mismatch     => verify-failed wake=none
         2 02:10 success               => verify-failed
         2 02:20 verified at=1T03:05   => verify-failed taken=stale
         2 02:30 verified              => up",
    );
}

#[test]
fn what_was_missed_for_years_is_stepped_over_at_once() {
    let begun = std::time::Instant::now();
    let story = play(
        "every 1s | grace 1s | tolerance 0",
        "2026-03-01 00:00 success
         2076-03-01 00:00 pause until=2076-03-01T01:00 => paused
         2076-03-01 01:00 tick                         => missed",
    );
    let Some(Reason::Resumed(forgiven)) = story.changes.last().map(|one| &one.reason) else {
        panic!("{:?}", story.changes);
    };
    assert_eq!((forgiven.count, forgiven.slots[0]), (1_000, moment("2076-03-01", "00:00")));
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn a_pause_covers_and_forgives() {
    let story = play(
        "0 2 * * * | grace 1h",
        "1 02:10 success
         1 12:00 pause until=4T12:00    => paused wake=4T12:00
         2 06:00 tick                   => paused verdict=missed
         4 13:00 tick                   => up due=5T02:00",
    );
    let reason = format!("{:?}", story.changes.last().expect("a change"));
    assert!(reason.contains("Resumed(Forgiven { count: 3"), "{reason}");
    play(
        "every 1h | grace 10m",
        "1 00:00 success
         1 00:30 pause                  => paused wake=none
         1 09:30 resume                 => up due=1T10:30
         1 10:00 failure                => failed
         1 10:05 pause until-success    => paused
         1 10:06 failure                => paused
         1 11:00 resume                 => failed
         1 11:05 pause until-success    => paused
         1 11:10 success at=1T11:01     => paused
         1 11:10 success                => up due=1T12:10",
    );
    play(
        "every 1h | grace 10m",
        "1 00:00 pausing                => paused\n 1 09:00 success => up due=1T10:00",
    );
}

#[test]
fn changed_rules_raise_no_alarm_and_silence_none() {
    play(
        "every 1d | grace 1h",
        "1 03:00 success
         1 09:00 rules every 1h | grace 10m     => up due=1T10:00
         1 10:10:01 tick                        => missed
         1 11:00 rules every 30m | grace 10m    => missed
         1 11:01 rules every 2d | grace 10m     => up due=3T09:00
         1 11:02 rules 0 12 * * * | grace 1h    => up due=1T12:00
         1 13:00:01 tick                        => missed
         1 14:00 rules -                        => up due=none",
    );
}

#[test]
fn what_is_unknown_is_passed_over() {
    let text = r#"{"created_at":5,"colour":"red","told":{"status":"on-fire","x":1}}"#;
    let state: super::super::State = serde_json::from_str(text).expect("tolerant");
    assert_eq!(state.created_at.map(|at| at.epoch_ms()), Some(5));
    assert!(serde_json::from_str::<super::super::State>("{}").is_ok());
}

#[test]
fn a_state_is_small() {
    let mut story = Story::new("0 2 * * * | grace 1h");
    story.play("1 02:10 success\n 2 02:00 start\n 2 02:10 success");
    let text = serde_json::to_string(&story.state).expect("JSON");
    assert!(text.len() < 400, "{} bytes: {text}", text.len());
}

#[test]
fn a_run_that_prepares_or_verifies_runs() {
    let story = play(
        "- | at-most 2h",
        "1 01:00 start a                        => running runs=running
         1 01:01 stage a phase=preparing        => running runs=preparing
         1 01:02 progress a                     => running runs=preparing
         1 01:05 stage a phase=copying          => running runs=running
         1 01:30 stage a phase=Verifying        => running runs=verifying
         1 01:31 stage a phase=copying at=1T01:20 => running runs=verifying
         1 01:40 progress a stalled             => stalled runs=stalled
         1 03:01 tick                           => overrun runs=overrun
         1 03:02 success a                      => up open=0
         1 04:00 stage b phase=verify           => running runs=verifying",
    );
    assert_eq!(story.told()[0], "1T01:00 new>running", "{:?}", story.told());
    // The same without ids: the newest run that had begun by then.
    play(
        "-",
        "1 01:00 stage phase=preparing          => new
         1 01:01 start                          => running runs=running
         1 01:30 stage phase=verifying          => running runs=verifying
         1 01:40 success                        => up
         1 02:00 start                          => running runs=running",
    );
}
