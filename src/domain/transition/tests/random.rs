//! Whatever comes in: no panic, no loop without an end, nothing that grows without a bound.

use super::super::{Heard, Input, Phase, State, step};
use super::chance::Chance;
use super::script::rules;
use crate::domain::event::Kind;
use crate::domain::host::Uptime;
use crate::domain::time::Moment;

/// Moments at which arithmetic breaks.
fn extreme(chance: &mut Chance) -> Moment {
    let known = [
        i64::MIN,
        i64::MIN + 1,
        -62_167_219_200_001,
        -1,
        0,
        1,
        1_774_746_000_000,
        1_792_888_200_000,
        4_102_444_800_000,
        7_258_118_399_999,
        7_258_118_400_000,
        253_402_300_800_000,
        i64::MAX - 1,
        i64::MAX,
    ];
    let near = chance.below(100_000_000) as i64 - 50_000_000;
    let known = chance.pick(&known);
    if chance.one_in(3) { Moment(known) } else { Moment(known.saturating_add(near)) }
}

fn span(chance: &mut Chance) -> Option<u64> {
    chance.pick(&[None, Some(0), Some(1), Some(60_000), Some(86_400_000), Some(u64::MAX)])
}

fn uptime(chance: &mut Chance) -> Uptime {
    let mut ms = || {
        let near = chance.below(100_000_000);
        chance.pick(&[0, 1, near, near, u64::MAX - 1, u64::MAX])
    };
    Uptime { up_ms: ms(), awake_ms: ms(), behind: chance.one_in(5) }
}

/// Any event at all, its moments by `near`.
fn wild(chance: &mut Chance, near: &dyn Fn(&mut Chance) -> Moment) -> Heard {
    let kinds = [
        Kind::Start,
        Kind::Progress,
        Kind::Stage,
        Kind::Success,
        Kind::Warning,
        Kind::Failure,
        Kind::Log,
        Kind::Verified,
        Kind::Test,
        Kind::Pause,
        Kind::Resume,
    ];
    let ids = [None, Some(String::new()), Some("a".to_owned()), Some(chance.below(9).to_string())];
    Heard {
        run_id: chance.pick(&ids),
        seq: None,
        received_at: near(chance),
        started_at: chance.one_in(2).then(|| near(chance)),
        duration_ms: span(chance),
        exit_code: chance.pick(&[None, Some(i32::MIN), Some(i32::MAX)]),
        lease_ms: span(chance),
        stalled: chance.pick(&[None, Some(true), Some(false)]),
        phase: chance.pick(&[None, Some(Phase::Preparing), Some(Phase::Verifying)]),
        expected_ms: span(chance),
        matches_expected: chance.pick(&[None, Some(true), Some(false)]),
        uptime: chance.one_in(2).then(|| uptime(chance)),
        message: Some("é".repeat(chance.below(300) as usize)),
        ..Heard::new(chance.pick(&kinds), near(chance))
    }
}

#[test]
fn nothing_panics_and_everything_ends() {
    let mut chance = Chance(23);
    let texts = [
        "every 1s | grace 0s",
        "every 366d | grace 3650d | tolerance 4000000000",
        "every 1h..2h | at-most 0s | start-within 3650d",
        "* * * * * | grace 0s | tolerance 99",
        "0 0 29 2 1 | grace 3650d | zone Europe/Dublin",
        "30 2 * * * | zone Europe/Berlin",
        "calendar *:*:0/1 | grace 1s",
        "calendar 2027-01-01",
        "calendar *:*:* | grace 1h",
        "between 02:15 and 02:45 | zone Europe/Berlin | grace 1m",
        "by 02:30 | grace 3650d | zone America/Nuuk",
        "- | at-most 3650d | wait",
        "0 * * * * | grace 1h | absent 1d",
        "every 1h | at-most 1h | absent 3650d",
    ];
    for round in 0..420 {
        let rules = rules(texts[round % texts.len()]);
        let mut state = State::new(extreme(&mut chance));
        let mut steady = chance.one_in(2).then(|| extreme(&mut chance));
        for _ in 0..25 {
            let now = steady.unwrap_or_else(|| extreme(&mut chance));
            steady =
                steady.map(|now| Moment(now.0.saturating_add(chance.below(40_000_000) as i64)));
            let near = |chance: &mut Chance| {
                if chance.one_in(2) {
                    extreme(chance)
                } else {
                    chance.within(Moment(now.0.saturating_sub(1 << 27)), 1 << 18)
                }
            };
            let event = wild(&mut chance, &near);
            let input = match chance.below(13) {
                0 => {
                    let mut time = || (near(&mut chance), near(&mut chance));
                    Input::Blind(vec![time(), time()])
                }
                1 => Input::Pause {
                    until: chance.one_in(2).then(|| near(&mut chance)),
                    until_success: chance.one_in(2),
                    reason: event.message.clone(),
                },
                2 => Input::Resume,
                3 => Input::Rules,
                4 => Input::Quiet { until: Some(near(&mut chance)) },
                5 => Input::Tick,
                6 => Input::Sign { at: near(&mut chance), uptime: uptime(&mut chance) },
                _ => Input::Event(&event),
            };
            let done = step(&rules, &state, &input, now);
            assert!(done.wake_at.is_none_or(|at| at > now), "{done:?}");
            let again = step(&rules, &done.state, &Input::Tick, now);
            assert_eq!(
                (&again.state, again.changes.len()),
                (&done.state, 0),
                "{input:?} at {now:?}"
            );
            let _ = done.state.facts(&rules, now);
            let _ = (done.state.due_at(&rules), done.state.deadline_at(&rules));
            state = done.state;
        }
        let text = serde_json::to_string(&state).expect("JSON");
        assert_eq!(serde_json::from_str::<State>(&text).expect(&text), state);
    }
}

#[test]
fn a_state_does_not_grow() {
    let rules = rules("0 * * * * | grace 10m | at-most 2h");
    let mut chance = Chance(31);
    let mut now = Moment(1_774_746_000_000);
    let mut state = State::new(now);
    for number in 0..600 {
        now = Moment(now.0 + 40_000);
        let kind = chance.pick(&[Kind::Start, Kind::Start, Kind::Progress, Kind::Failure]);
        let run_id = chance.one_in(2).then(|| format!("run-{number}"));
        let took = Some(chance.below(20_000_000));
        let event = Heard { run_id, duration_ms: took, ..Heard::new(kind, now) };
        state = step(&rules, &state, &Input::Event(&event), now).state;
        let blind = Input::Blind(vec![(Moment(now.0 - 1_000), now)]);
        state = step(&rules, &state, &blind, now).state;
    }
    let text = serde_json::to_string(&state).expect("JSON");
    assert!(text.len() < 12_000, "{} bytes", text.len());
    assert!(state.facts(&rules, now).runs_dropped > 0);
}
