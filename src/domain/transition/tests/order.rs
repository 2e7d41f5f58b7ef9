//! Events may arrive in any order: the facts are the same in the end, and so is the word.

use std::time::Duration;

use super::super::{Heard, Input, State, step};
use super::chance::Chance;
use super::script::{heard, moment, rules, zone};
use crate::domain::monitor::Rules;
use crate::domain::time::Moment;

/// Delivers events one minute after the other, the last at `end`; what was told when is history.
fn deliver(rules: &Rules, events: &[&Heard], end: Moment) -> (State, State) {
    let mut state = State::new(moment("1", "00:00"));
    for (place, event) in events.iter().enumerate() {
        let left = (events.len() - 1 - place) as u64;
        let now = end.before(Duration::from_secs(60 * left));
        state = step(rules, &state, &Input::Event(event), now).state;
    }
    let facts = State { told: super::super::state::Told::default(), ..state.clone() };
    (facts, state)
}

/// Calls `each` with every order of the numbers from `from` on.
fn orders(numbers: &mut Vec<usize>, from: usize, each: &mut dyn FnMut(&[usize])) {
    if from == numbers.len() {
        return each(numbers);
    }
    for other in from..numbers.len() {
        numbers.swap(from, other);
        orders(numbers, from + 1, each);
        numbers.swap(from, other);
    }
}

/// Holds all orders of events against that in which they happened.
fn check(rules: &Rules, events: &[Heard], end: Moment) {
    let mut sorted: Vec<&Heard> = events.iter().collect();
    sorted.sort_by_key(|event| event.at);
    let (expected, last) = deliver(rules, &sorted, end);
    orders(&mut (0..events.len()).collect(), 0, &mut |order| {
        let shuffled: Vec<&Heard> = order.iter().map(|place| &events[*place]).collect();
        let (facts, state) = deliver(rules, &shuffled, end);
        let shown = |event: &&Heard| format!("{:?} {:?} {}", event.kind, event.run_id, event.at.0);
        let list = || shuffled.iter().map(shown).collect::<Vec<_>>().join("\n");
        assert_eq!(facts, expected, "{}", list());
        assert_eq!(state.status(), last.status(), "{}", list());
    });
}

#[test]
fn all_orders_of_six_events_end_alike() {
    let sets = [
        // Two runs, each word twice.
        "0 * * * * | grace 30m # 2 03:00 start a # 2 03:05 success a # 2 04:00 start b # 2 04:05 failure b \
         # 2 03:00 start a # 2 04:05 failure b",
        "0 * * * * | grace 30m # 2 03:00 start a # 2 03:05 failure a # 2 04:00 start b # 2 04:05 success b \
         # 2 03:05 failure a # 2 04:05 success b",
        // The same moment.
        "every 1h | grace 30m # 2 03:00 success # 2 03:00 failure exit=1 # 2 03:00 failure exit=3 \
         # 2 03:00 warning # 2 03:00 verified # 2 03:00 verified mismatch",
        // Without ids.
        "every 1h # 2 03:00 start # 2 03:01 start # 2 03:02 success # 2 03:03 start # 2 03:04 failure # 2 03:05 success",
        "every 1h # 2 03:00 start # 2 03:01 success # 2 03:02 start # 2 03:03 success # 2 03:04 start # 2 03:04 start",
        // Runs that cross slots, overlapping.
        "0 * * * * | grace 20m # 2 03:05 success a took=30m # 2 04:10 success b took=70m # 2 05:20 success c took=78m \
         # 2 05:50 success d took=95m # 2 05:55 success e took=1m # 2 06:01 failure f took=61m",
        "by 08:00 | grace 1h # 1 07:00 success # 1 08:30 success # 2 08:59 success # 2 20:00 success took=20h \
         # 3 07:00 success took=9h # 3 08:10 success",
        // Leases, and an id that is used again.
        "every 1h | wait # 2 03:00 start a lease=5m # 2 03:04 progress a lease=5m # 2 03:06 progress a stalled lease=5m \
         # 2 03:07 progress a lease=1m # 2 03:30 success b # 2 03:31 log",
        "0 3 * * * | wait # 2 02:00 start a # 2 03:10 success a took=70m # 3 02:00 start a # 3 03:10 success a took=70m \
         # 4 02:00 start a # 4 02:00 start b",
        // Stages, two of them at once.
        "- # 2 03:00 start a # 2 03:01 stage a phase=preparing # 2 03:01 stage a phase=verifying # 2 03:02 progress a \
         # 2 03:03 stage a phase=copying # 2 03:04 stage a phase=verifying",
        "- # 2 03:00 start # 2 03:01 stage phase=preparing # 2 03:01 stage phase=verifying # 2 03:02 success \
         # 2 03:03 start # 2 03:04 stage phase=verifying",
        // Every minute, a little early.
        "* * * * * | grace 60s # 2 03:00 success # 2 03:00:40 success # 2 03:02:10 success # 2 03:02:59 success \
         # 2 03:04 success took=90s # 2 03:05 success took=150s",
    ];
    for set in sets {
        let mut parts = set.split('#').map(str::trim);
        let rules = rules(parts.next().expect("rules"));
        let events: Vec<Heard> = parts
            .map(|part| {
                let words: Vec<&str> = part.split_whitespace().collect();
                heard(&words[2..], moment(words[0], words[1]))
            })
            .collect();
        let last = events.iter().map(|event| event.at).max().expect("events");
        check(&rules, &events, last.after(Duration::from_secs(600)));
    }
}

/// Gives what happens after the finish of its run another id.
fn use_ids_once(events: &mut [Heard]) {
    let finished =
        |id: &str, event: &Heard| event.kind.is_finish() && event.run_id.as_deref() == Some(id);
    for id in ["a", "b"] {
        let first = events.iter().filter(|event| finished(id, event)).map(|event| event.at).min();
        for (place, event) in events.iter_mut().enumerate() {
            if event.run_id.as_deref() == Some(id) && Some(event.at) > first && first.is_some() {
                event.run_id = Some(format!("{id}{place}"));
            }
        }
    }
}

#[test]
fn any_order_of_any_events_ends_alike() {
    let mut chance = Chance(11);
    let texts = [
        "every 1h | grace 10m",
        "every 10m..20m | grace 5m | at-most 30m",
        "*/10 * * * * | grace 5m | tolerance 1",
        "0 * * * * | grace 2h | at-most 30m",
        "between 01:00 and 02:00 | grace 30m",
        "by 02:30 | grace 30m | wait",
        "*/30 * * * * | grace 20m | wait",
        "30 2 * * * | grace 1h",
    ];
    for round in 0..240 {
        let mut rules = rules(texts[round % texts.len()]);
        rules.zone = zone(["UTC", "Europe/Berlin"][round / texts.len() % 2]);
        let from = moment(["29", "2026-10-24", "2026-10-25", "15"][round % 4], "23:30");
        let mut events: Vec<Heard> = (0..6).map(|_| chance.event(from, 4 * 3_600)).collect();
        use_ids_once(&mut events);
        if chance.one_in(2) {
            events[5] = events[0].clone();
        }
        // A finish that does not say when its run began, and arrives before that start, cannot know it.
        for event in &mut events {
            if event.run_id.is_none() {
                // Such pings are late by seconds, and no more than that is remembered of them.
                event.at = chance.within(from.after(Duration::from_secs(3_600)), 540);
                let took = Duration::from_secs(chance.below(7_200));
                event.started_at = event.kind.is_finish().then(|| event.at.before(took));
            }
        }
        let end = from.after(Duration::from_secs(4 * 3_600 + 600 + chance.below(7_200)));
        let mut sorted: Vec<&Heard> = events.iter().collect();
        sorted.sort_by_key(|event| event.at);
        let (expected, last) = deliver(&rules, &sorted, end);
        for _ in 0..20 {
            let mut shuffled: Vec<&Heard> = events.iter().collect();
            for place in (1..shuffled.len()).rev() {
                shuffled.swap(place, chance.below(place as u64 + 1) as usize);
            }
            let (facts, state) = deliver(&rules, &shuffled, end);
            assert_eq!(facts, expected, "round {round}: {shuffled:#?}");
            assert_eq!(state.status(), last.status(), "round {round}: {shuffled:#?}");
        }
    }
}
