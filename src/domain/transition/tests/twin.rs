//! Was a deadline missed? A slow twin lists all slots and all finishes, and goes through both in order.

use std::time::Duration;

use super::super::status::Verdict;
use super::super::{Heard, Input, State, step};
use super::chance::Chance;
use super::script::{moment, rules};
use crate::domain::event::Kind;
use crate::domain::monitor::{Rules, Status};
use crate::domain::schedule::Schedule;
use crate::domain::time::Moment;

/// One slot: when it opens, when it is due.
#[derive(Clone, Copy)]
struct Slot {
    opens: i64,
    due: i64,
}

/// Every slot from some days before `from` up to `end`; none of an interval, which has no fixed ones.
fn slots(rules: &Rules, from: Moment, end: Moment) -> Vec<Slot> {
    let schedule = rules.schedule.as_ref().expect("a schedule");
    if matches!(schedule, Schedule::Every(_)) {
        return Vec::new();
    }
    let mut dues = Vec::new();
    let mut at = from.before(Duration::from_secs(4 * 86_400));
    while let Some(next) = schedule.next(at, &rules.zone).filter(|next| *next < end) {
        dues.push(next.0);
        at = next;
    }
    let mut openings = Vec::new();
    let mut at = from.before(Duration::from_secs(6 * 86_400));
    while let Some(next) = schedule.next_opening(at, &rules.zone).filter(|next| *next < end) {
        openings.push(next.0);
        at = next;
    }
    let grace = rules.grace.as_millis() as i64;
    let early = grace.min(60_000);
    let opens = |place: usize| match schedule {
        Schedule::Window(_) if openings.is_empty() => dues[place - 1] + grace.min(12 * 3_600_000),
        Schedule::Window(_) => {
            openings.iter().rfind(|opens| **opens <= dues[place]).expect("an opening") - early + 1
        }
        _ => dues[place] - early.min((dues[place] - dues[place - 1]) / 2),
    };
    (1..dues.len()).map(|place| Slot { opens: opens(place), due: dues[place] }).collect()
}

/// Whether the deadline that decides has passed at `now`, and what is expected.
fn missed(
    rules: &Rules,
    slots: &[Slot],
    made: Moment,
    finishes: &[(i64, i64)],
    now: Moment,
) -> (bool, i64) {
    let grace = rules.grace.as_millis() as i64;
    let mut finishes = finishes.to_vec();
    finishes.sort_unstable();
    if let Some(Schedule::Every(every)) = rules.schedule {
        let base = finishes.last().map_or(made.0, |(at, _)| made.0.max(*at));
        let most = every.at_most.as_millis() as i64;
        let decides = base + most * (1 + i64::from(rules.tolerance));
        return (now.0 >= decides + grace + 500, base + most);
    }
    let last = |holds: &dyn Fn(&Slot) -> bool| slots.iter().rposition(holds);
    let mut expected = slots.iter().position(|slot| slot.due > made.0).expect("a slot");
    for (at, start) in finishes {
        if slots[expected].opens > at {
            continue;
        }
        let outlived = last(&|slot| slot.due + grace < at);
        let began_in = last(&|slot| slot.opens <= start);
        expected = 1 + expected.max(outlived.unwrap_or(0)).max(began_in.unwrap_or(0));
    }
    let decides = slots[expected + rules.tolerance as usize].due;
    (now.0 >= decides + grace + 500, slots[expected].due)
}

#[test]
fn a_deadline_is_missed_when_the_twin_says_so() {
    let mut chance = Chance(17);
    let texts = [
        "every 1h | grace 10m",
        "every 3h..6h | grace 30m | tolerance 1",
        "0 * * * * | grace 10m",
        "0 * * * * | grace 90m",
        "*/15 * * * * | grace 5m | tolerance 2",
        "30 2 * * * | grace 1h",
        "0,5 1-4 * * * | grace 4m",
        "calendar *:0/20 | grace 3m",
        "by 02:30 | grace 1h",
        "by 08:00 | grace 20h",
        "between 01:00 and 04:00 | grace 1h",
        "between 22:00 and 02:30 on Mon-Fri | grace 30m",
    ];
    let (mut passed, mut kept) = (0, 0);
    for round in 0..240 {
        let mut rules = rules(texts[round % texts.len()]);
        rules.zone =
            super::script::zone(["UTC", "Europe/Berlin", "America/New_York"][round / 12 % 3]);
        let made = moment(["28", "2026-10-24", "7", "2026-10-31"][round / 36 % 4], "20:00");
        let mut now = made;
        let mut state = State::new(made);
        let (mut finishes, mut crossing) = (Vec::new(), 0);
        let pace = chance.pick(&[600, 3_600, 20_000]);
        let slots = slots(&rules, made, made.after(Duration::from_secs(14 * pace + 9 * 86_400)));
        for _ in 0..14 {
            now = now.after(Duration::from_secs(1 + chance.below(pace)));
            let back = if chance.one_in(3) { chance.below(2 * pace) } else { 0 };
            let at = Moment(now.0 - back as i64 * 1_000).max(made);
            let took =
                if chance.one_in(3) && crossing < 7 { chance.below(2 * pace) * 1_000 } else { 0 };
            crossing += u32::from(took > 0);
            let kind = chance.pick(&[Kind::Success, Kind::Success, Kind::Failure, Kind::Warning]);
            if chance.one_in(4) {
                state = step(&rules, &state, &Input::Tick, now).state;
            } else {
                let event = Heard { duration_ms: Some(took), ..Heard::new(kind, at) };
                state = step(&rules, &state, &Input::Event(&event), now).state;
                finishes.push((at.0, at.0 - took as i64));
            }
            let (is_missed, due) = missed(&rules, &slots, made, &finishes, now);
            let facts = state.facts(&rules, now);
            let story = || format!("round {round} at {now:?} {finishes:?} {rules:?}");
            assert_eq!(facts.verdict == Verdict::Missed, is_missed, "{}", story());
            let slot = super::super::slot::expected(&rules, &state).map(|expected| expected.slot.0);
            assert_eq!(slot, Some(due), "{}", story());
            if !facts.is_failed {
                assert_eq!(state.status() == Status::Missed, is_missed, "{}", story());
            }
            (passed, kept) = if is_missed { (passed + 1, kept) } else { (passed, kept + 1) };
        }
    }
    assert!(passed > 300 && kept > 300, "one-sided: {passed} missed, {kept} kept");
}
