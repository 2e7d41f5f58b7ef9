//! Monitors that follow their host: only time in which it was awake counts.

use std::time::Duration;

use super::super::Reason;
use super::super::awake::Awake;
use super::chance::Chance;
use super::script::{Story, moment, play, rules};
use crate::domain::host::Uptime;
use crate::domain::time::Moment;

#[test]
fn a_host_that_sleeps_is_waited_for() {
    // The lid is closed from ten to nine, and the job runs soon after it is opened.
    let story = play(
        "0 2 * * * | grace 2h | absent 14d",
        "1 02:10 success up=10h awake=6h
         1 22:00 host up=30h awake=20h
         2 04:01 tick                        => late wake=16T04:00:00.500
         2 09:00:05 host up=41h awake=20h5s  => late
         2 09:05 success up=41h awake=20h5m  => up due=3T02:00 taken=plain",
    );
    assert_eq!(
        story.told(),
        ["1T02:00 new>late", "1T02:10 late>up", "2T02:00 up>late", "2T09:05 late>up"]
    );
    // Without that it is missed at four.
    play("0 2 * * * | grace 2h", "1 02:10 success up=10h awake=6h\n 2 04:01 tick => missed");
}

#[test]
fn a_host_that_is_awake_is_not() {
    play(
        "0 2 * * * | grace 2h | absent 14d",
        "1 02:10 success up=10h awake=6h
         1 22:00 host up=30h awake=20h
         2 09:01 host up=41h awake=20h1m     => late
         2 11:00 host up=43h awake=22h       => late
         2 11:02 host up=43h2m awake=22h2m   => late wake=2T11:04:00.500
         2 11:05 tick                        => missed",
    );
    // One that never sleeps, and is heard of every hour: the silence before the word that decides is an hour,
    // and what it has kept may follow that for a quarter of one.
    play(
        "0 2 * * * | grace 2h | absent 14d",
        "1 02:10 success up=10h awake=10h
         2 02:00 host up=33h50m awake=33h50m => late
         2 03:00 host up=34h50m awake=34h50m
         2 04:00 host up=35h50m awake=35h50m => late wake=2T04:15:00.500
         2 04:16 tick                        => missed since=2T04:15",
    );
    // It was started again meanwhile; before that it may have been off.
    play(
        "0 2 * * * | grace 2h | absent 14d",
        "1 02:10 success up=10h awake=10h
         2 12:00 host up=1h awake=1h         => late wake=16T04:00:00.500
         2 13:30 host up=2h30m awake=2h30m   => late wake=2T13:45:00.500",
    );
}

#[test]
fn an_interval_counts_time_awake() {
    play(
        "every 24h | grace 1h | absent 30d",
        "1 08:00 success up=1h awake=1h
         1 18:00 host up=11h awake=11h
         2 08:00 host up=25h awake=11h
         2 18:00 host up=35h awake=21h       => late
         3 08:00 host up=49h awake=21h
         3 12:30 success up=53h30m awake=25h30m => up due=4T12:30",
    );
    play(
        "every 24h | grace 1h | absent 30d",
        "1 08:00 success up=1h awake=1h
         1 18:00 host up=11h awake=11h
         2 18:00 host up=35h awake=21h       => late
         3 13:00 host up=54h awake=26h       => late wake=3T13:15:00.500
         3 13:20 tick                        => missed",
    );
}

#[test]
fn a_host_that_stays_away_is_given_up() {
    let story = play(
        "0 2 * * * | grace 2h | absent 3d",
        "1 02:10 success up=10h awake=6h
         2 05:00 tick                        => late
         5 03:59 tick                        => late
         5 04:01 tick                        => missed since=5T04:00",
    );
    assert_eq!(story.told().last().expect("one"), "5T04:00 late>missed");
}

#[test]
fn where_no_host_says_anything_the_wall_clock_counts() {
    play("0 2 * * * | grace 2h | absent 14d", "1 02:10 success\n 2 04:01 tick => missed");
}

#[test]
fn a_run_that_sleeps_with_its_host_has_not_vanished() {
    let story = play(
        "- | at-most 2h | absent 14d",
        "1 21:00 start a lease=5m up=10h awake=10h   => running
         1 21:03 progress a lease=5m up=10h3m awake=10h3m
         2 09:00:05 host up=22h awake=10h5m          => running
         2 09:00:10 progress a lease=5m              => running
         2 10:30 success a                           => up",
    );
    assert!(!story.told().iter().any(|told| told.ends_with("vanished")), "{:?}", story.told());
    // The host is back and awake, and the run is not.
    play(
        "- | at-most 2h | absent 14d",
        "1 21:00 start a lease=5m up=10h awake=10h   => running
         2 09:00 host up=22h awake=10h1m             => running
         2 09:30 host up=22h30m awake=10h31m         => running
         2 09:31:01 tick                             => vanished",
    );
    play(
        "- | at-most 2h | absent 14d",
        "1 21:00 start a up=10h awake=10h            => running
         2 09:00 host up=22h awake=10h5m             => running
         2 12:00 host up=25h awake=13h5m             => running wake=2T12:01
         2 12:02 tick                                => overrun",
    );
}

#[test]
fn the_receiver_itself_may_have_been_blind() {
    play(
        "0 2 * * * | grace 2h | absent 14d",
        "1 02:10 success up=10h awake=10h
         2 02:00 host up=33h50m awake=33h50m
         2 04:30 host up=36h20m awake=36h20m         => late wake=2T04:45:00.500
         2 04:50 blind from=2T04:40                  => unknown wake=2T05:05
         2 05:06 tick                                => missed",
    );
}

#[test]
fn what_decided_stays_decided() {
    let mut story = Story::new("0 2 * * * | grace 2h | absent 14d");
    story.play("1 02:10 success up=10h awake=10h\n 2 02:00 host up=33h50m awake=33h50m");
    let mut missed_at = None;
    for minute in 1..2_000_u64 {
        let (hour, at) = (2 + minute / 60, minute % 60);
        let (day, hour) = (2 + hour / 24, hour % 24);
        let up = 33 * 60 + 50 + minute;
        story.play(&format!("{day} {hour:02}:{at:02} host up={up}m awake={up}m"));
        match missed_at {
            None if story.state.status().word() == "missed" => missed_at = Some((day, hour, at)),
            None => assert_eq!(story.state.status().word(), "late"),
            Some(_) => assert_eq!(story.state.status().word(), "missed", "{day} {hour}:{at}"),
        }
    }
    assert_eq!(missed_at, Some((2, 4, 2)));
}

#[test]
fn a_host_is_waited_for_from_the_first_night_on() {
    // The lid is closed before the job has ever run, or soon after somebody has said that it may be.
    play("0 2 * * * | grace 3h | absent 14d", "1 05:01 tick => late wake=15T05:00:00.500");
    play(
        "0 2 * * * | grace 3h",
        "1 09:05 success on=laptop up=10h awake=6h
         1 17:00 rules 0 2 * * * | grace 3h | absent 14d
         2 05:01 tick                            => late deadline=2T05:00
         2 09:00 success on=laptop up=34h awake=15h => up",
    );
}

#[test]
fn jobs_that_end_without_a_sign_go_by_the_wall_clock_again() {
    play(
        "0 2 * * * | grace 2h | absent 14d",
        "1 02:10 success on=laptop up=10h awake=10h
         2 02:10 success                         => up
         3 04:01 tick                            => missed",
    );
}

#[test]
fn what_is_kept_on_the_host_is_waited_for() {
    // It was awake and could tell nobody; the success of two o'clock comes behind a long run.
    let story = play(
        "0 2 * * * | grace 2h | absent 14d",
        "1 02:10 success on=laptop up=10h awake=10h
         1 22:00 host up=29h50m awake=29h50m
         2 10:00 host behind up=41h50m awake=41h50m
         2 10:20 host behind up=42h10m awake=42h10m
         2 11:00 success at=2T02:20 on=laptop up=42h50m awake=42h50m => up",
    );
    assert!(!story.told().iter().any(|told| told.ends_with("missed")), "{:?}", story.told());
}

#[test]
fn what_others_say_of_it_elsewhere_is_nothing_about_its_host() {
    play(
        "0 2 * * * | grace 2h | absent 14d",
        "1 02:10 success on=laptop up=10h awake=6h
         1 06:00 verified on=nas up=900h awake=900h
         1 08:00 log on=nas up=902h awake=902h
         1 22:00 host up=30h awake=20h
         2 05:00 tick                            => late",
    );
    // What was proved of one host stays so where another one takes over.
    play(
        "0 2 * * * | grace 2h | absent 14d",
        "1 02:10 success on=laptop up=10h awake=6h
         1 22:00 host up=30h awake=20h
         2 09:01 host up=41h awake=20h1m
         2 12:01 host up=44h awake=23h1m
         2 12:20 tick                            => missed
         2 12:30 start on=desk up=900h awake=900h => missed
         2 13:30 host up=901h awake=901h         => missed",
    );
}

#[test]
fn clocks_that_differ_a_little_decide_nothing() {
    // Two nodes, a tenth of a second apart; and a clock that is set back by half a minute.
    for (time, input) in [("09:00:04.900", "verified"), ("08:59:40", "tick"), ("08:59:50", "log")] {
        play(
            "0 2 * * * | grace 2h | absent 14d",
            &format!(
                "1 02:10 success on=laptop up=10h awake=6h
                 1 22:00 host up=30h awake=20h
                 2 09:00:05 host up=41h awake=20h5s  => late
                 2 {time} {input}                    => late wake=16T04:00:00.500"
            ),
        );
    }
    play(
        "- | at-most 2h | absent 14d",
        "1 21:00 start a on=laptop up=10h awake=10h
         1 21:03 progress a on=laptop up=10h3m awake=10h3m
         2 09:00:05.100 progress a on=laptop up=22h awake=10h5m
         2 09:00:05 progress a on=laptop         => running",
    );
}

#[test]
fn what_is_joined_was_not_asked_for_apart() {
    // A run is open since before the slot, so stretches from before it are remembered.
    let mut story = Story::new("0 2 * * * | grace 2h | absent 14d");
    story.play(
        "1 02:10 success z on=laptop up=10h awake=10h
         1 21:00 start a on=laptop up=29h awake=29h
         1 21:30 host up=29h30m awake=29h30m
         2 01:50 host up=33h50m awake=29h31m
         2 03:00 host up=35h awake=30h41m
         2 04:00 host up=36h awake=31h41m
         2 04:16 tick => missed",
    );
    for minute in 1..700_u64 {
        let (hour, at) = ((260 + minute) / 60, (260 + minute) % 60);
        let (up, awake) = (36 * 60 + 20 + minute, 32 * 60 + 1 + minute);
        story.play(&format!("2 {hour:02}:{at:02} host up={up}m awake={awake}m => missed"));
    }
}

#[test]
fn a_limit_that_was_put_off_is_over_when_that_is_known() {
    let story = play(
        "- | at-most 2h | absent 14d",
        "1 21:00 start a on=laptop up=10h awake=10h  => running
         2 09:00 host up=22h awake=10h5m             => running
         2 12:00 host up=25h awake=13h5m             => running wake=2T12:01
         2 12:02 tick                                => overrun since=2T12:01",
    );
    let reason = &story.changes.last().expect("a change").reason;
    let heard_at = Some(moment("2", "12:00"));
    let is_told =
        matches!(reason, Reason::Overrun { host_heard_at, .. } if *host_heard_at == heard_at);
    assert!(is_told, "{reason:?}");
}

/// A host, minute by minute: off, asleep or awake, and what its counters say.
struct Host {
    begins_at: Moment,
    is_awake: Vec<bool>,
    uptimes: Vec<Uptime>,
}

impl Host {
    fn random(chance: &mut Chance) -> Host {
        let begins_at = moment("1", "00:00");
        let (mut is_awake, mut uptimes) = (Vec::new(), Vec::new());
        let mut uptime = Uptime { up_ms: 0, awake_ms: 0, behind: false };
        for _ in 0..20 {
            let awake = chance.one_in(2);
            if !awake && chance.one_in(3) {
                uptime = Uptime { up_ms: 0, awake_ms: 0, behind: false };
            }
            for _ in 0..1 + chance.below(300) {
                uptime.up_ms += if awake || uptime.up_ms > 0 { 60_000 } else { 0 };
                uptime.awake_ms += if awake { 60_000 } else { 0 };
                is_awake.push(awake);
                uptimes.push(uptime);
            }
        }
        Host { begins_at, is_awake, uptimes }
    }

    /// The end of a minute.
    fn at(&self, minute: usize) -> Moment {
        self.begins_at.after(Duration::from_secs(60 * (1 + minute as u64)))
    }

    /// How long it was awake between two moments.
    fn awake(&self, from: Moment, until: Moment) -> Duration {
        let within = |minute: &usize| self.at(*minute) > from && self.at(*minute) <= until;
        let minutes = (0..self.is_awake.len()).filter(within);
        Duration::from_secs(60 * minutes.filter(|minute| self.is_awake[*minute]).count() as u64)
    }
}

#[test]
fn no_deadline_counts_before_its_host_had_the_time_and_none_is_forgotten() {
    let mut chance = Chance(41);
    let rules = rules("0 2 * * * | grace 10m | absent 14d");
    let (mut reached, mut away) = (0, 0);
    for round in 0..600 {
        let host = Host::random(&mut chance);
        let said_once_in = [1, 5, 60, 400][round % 4];
        let from = host.at(chance.below(host.is_awake.len() as u64) as usize);
        let span = Duration::from_secs(60 * chance.below(900));
        let at = from.after(span);
        let given_up_at = at.after(Duration::from_secs(14 * 86_400));
        let (mut awake, mut decided, mut has_counted) = (Awake::default(), None, false);
        for minute in (0..host.is_awake.len()).filter(|minute| host.is_awake[*minute]) {
            let now = host.at(minute);
            if chance.one_in(said_once_in) {
                assert!(awake.wants(now));
                awake.hear(now, host.uptimes[minute], &[from]);
                let counts_at = awake.reached(&rules, from, at);
                assert!(!(has_counted && counts_at > now), "round {round}");
                has_counted = counts_at <= now;
                let is_decided = counts_at < given_up_at && now > from;
                decided = decided.or(is_decided.then_some(counts_at));
            }
        }
        let end = host.at(host.is_awake.len() - 1);
        if let Some(counts_at) = decided {
            assert!(host.awake(from, counts_at) >= span && counts_at >= at, "round {round}");
            reached += 1;
        } else {
            away += 1;
        }
        if said_once_in == 1 {
            // Whoever is heard all the time is judged as soon as he has had the time.
            let had_the_time = host.awake(from, end) >= span;
            assert_eq!(decided.is_some(), had_the_time && end > from, "round {round}");
            let late = decided.map(|counts_at| host.awake(from, counts_at.min(end)));
            let most = span + rules.grace + Duration::from_secs(60);
            assert!(late.is_none_or(|late| late <= most), "round {round}: {late:?}, {span:?}");
        }
    }
    assert!(reached > 150 && away > 150, "one-sided: {reached} reached, {away} away");
}
