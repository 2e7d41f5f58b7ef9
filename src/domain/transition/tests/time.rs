//! Time alone: late ticks, restarts, blind times.

use std::time::Duration;

use super::super::{Change, Heard, Input, State, step};
use super::chance::Chance;
use super::script::{check_always, moment, rules};
use crate::domain::event::Kind;
use crate::domain::monitor::{Rules, Status};
use crate::domain::time::Moment;

/// Rules of all kinds.
const RULES: [&str; 9] = [
    "every 1h | grace 10m",
    "every 1m | grace 60s",
    "every 20m..40m | grace 5m | at-most 30m | tolerance 2",
    "*/10 * * * * | grace 5m | tolerance 3 | start-within 2m",
    "0 * * * * | grace 2h | at-most 30m | zone Europe/Berlin",
    "between 01:00 and 02:00 | grace 30m | zone Europe/Berlin",
    "by 02:30 | grace 30m | wait | zone Europe/Berlin",
    "30 2 * * * | grace 1h | zone Europe/Berlin | start-within 2h",
    "- | at-most 5m",
];

/// Some input that may come at `now`.
fn any<'a>(chance: &mut Chance, event: &'a mut Heard, now: Moment) -> Input<'a> {
    let ago = |chance: &mut Chance| now.before(Duration::from_secs(chance.below(7_200)));
    let ahead = |chance: &mut Chance| {
        chance.one_in(2).then(|| now.after(Duration::from_secs(1 + chance.below(7_200))))
    };
    match chance.below(20) {
        0 => Input::Blind(vec![(ago(chance), now)]),
        1 => Input::Pause { until: ahead(chance), until_success: chance.one_in(2), reason: None },
        2 => Input::Resume,
        3 => Input::Rules,
        4 => Input::Quiet { until: ahead(chance) },
        5..8 => Input::Tick,
        _ => {
            *event = chance.event(now, 1);
            event.at = if chance.one_in(2) { now } else { ago(chance) };
            event.received_at = now;
            Input::Event(event)
        }
    }
}

#[test]
fn a_late_tick_does_what_many_would_have_done() {
    let mut chance = Chance(5);
    for round in 0..400 {
        let rules = rules(RULES[round % RULES.len()]);
        let mut now = moment(["1", "28", "2026-10-24"][round / 9 % 3], "22:00");
        let mut state = State::new(now);
        let mut event = Heard::new(Kind::Log, now);
        for _ in 0..chance.below(12) {
            let input = any(&mut chance, &mut event, now);
            let done = step(&rules, &state, &input, now);
            check_always(&rules, &done, now);
            state = done.state;
            now = now.after(Duration::from_secs(chance.below(3_000)));
        }
        let end = now.after(Duration::from_secs(chance.below(3 * 86_400)));
        let late = step(&rules, &state, &Input::Tick, end);
        let (many, changes) = tick_often(&rules, &state, now, end, &mut chance);
        assert_eq!((&late.state, &late.changes), (&many, &changes), "round {round}");
    }
}

/// Ticks at every moment at which it wants to be woken, and at some others.
fn tick_often(
    rules: &Rules,
    state: &State,
    from: Moment,
    end: Moment,
    chance: &mut Chance,
) -> (State, Vec<Change>) {
    let (mut state, mut changes, mut now) = (state.clone(), Vec::new(), from);
    for _ in 0..1_000 {
        let done = step(rules, &state, &Input::Tick, now);
        state = done.state;
        changes.extend(done.changes);
        if now == end {
            return (state, changes);
        }
        let between = now.after(Duration::from_secs(1 + chance.below(86_400)));
        now = done.wake_at.map_or(between, |wake_at| wake_at.min(between)).min(end);
    }
    panic!("it wakes all the time: {state:?}");
}

#[test]
fn restarts_raise_no_false_alarm_and_lose_no_true_one() {
    let mut chance = Chance(9);
    for round in 0..150 {
        let rules = rules(
            ["every 20m | grace 5m", "*/20 * * * * | grace 6m", "0 * * * * | grace 20m"][round % 3],
        );
        let begin = moment("2", "00:00");
        let period = rules.of_period();
        let (mut live, mut dead) = (State::new(begin), State::new(begin));
        let first = Heard::new(Kind::Success, begin);
        (live, dead) = (hear(&rules, &live, &first, begin), hear(&rules, &dead, &first, begin));
        let settle = rules.grace.min(Duration::from_secs(900));
        let (mut now, mut run_at) = (begin, begin.after(period));
        let deadline = dead.deadline_at(&rules).expect("one");
        let mut missed_at = None;
        while now < begin.after(period * 9) {
            let blind_for = Duration::from_secs(chance.pick(&[2, 60, 600, 4_000]));
            let back = now.after(blind_for);
            let blind = Input::Blind(vec![(now, back)]);
            let after = step(&rules, &dead, &blind, back);
            dead = after.state;
            note(&mut missed_at, &after.changes);
            live = step(&rules, &live, &blind, back).state;
            // Until the next restart the receiver hears; what was kept arrives soon after it is back.
            let hears_for = settle.as_secs() / 2 + chance.below(2_400);
            let until = back.after(Duration::from_secs(hears_for));
            while run_at < until {
                let kept = back.after(Duration::from_secs(chance.below(settle.as_secs() / 2)));
                let arrives = if run_at < back { kept } else { run_at };
                live = step(&rules, &live, &Input::Tick, arrives.max(back)).state;
                assert_ne!(live.status(), Status::Missed, "round {round} at {arrives:?}: {live:?}");
                let event = Heard { received_at: arrives, ..Heard::new(Kind::Success, run_at) };
                live = hear(&rules, &live, &event, arrives.max(back));
                run_at = run_at.after(period);
            }
            live = step(&rules, &live, &Input::Tick, until).state;
            let after = step(&rules, &dead, &Input::Tick, until);
            dead = after.state;
            note(&mut missed_at, &after.changes);
            now = until;
        }
        let missed_at: Moment = missed_at.expect("the dead one is missed");
        // One window after the deadline, and not a second one; a blind time may lie across its end.
        let last = deadline.after(settle).after(Duration::from_secs(4_001));
        assert!(missed_at <= last, "round {round}: {missed_at:?} for {deadline:?}");
    }
}

fn hear(rules: &Rules, state: &State, event: &Heard, now: Moment) -> State {
    step(rules, state, &Input::Event(event), now).state
}

fn note(missed_at: &mut Option<Moment>, changes: &[Change]) {
    let missed = changes.iter().find(|change| change.to == Status::Missed);
    *missed_at = missed_at.or(missed.map(|change| change.at));
}

impl Rules {
    fn of_period(&self) -> Duration {
        let schedule = self.schedule.as_ref().expect("a schedule");
        crate::domain::monitor::interval_of(schedule, &self.zone, moment("2", "00:00"))
            .expect("two")
    }
}
