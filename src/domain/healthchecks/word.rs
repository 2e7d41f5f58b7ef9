//! Healthchecks' words for how a monitor does, and the moments at which they change.

use super::newest::Memory;
use crate::domain::monitor::{Rules, Status};
use crate::domain::time::Moment;
use crate::domain::transition::State;

/// Healthchecks' five words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// It was never heard of, or not since it was resumed.
    New,
    /// All is well.
    Up,
    /// It is due.
    Grace,
    /// Something that people are told of.
    Down,
    /// Nothing is expected.
    Paused,
}

impl Word {
    /// As the API has it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Word::New => "new",
            Word::Up => "up",
            Word::Grace => "grace",
            Word::Down => "down",
            Word::Paused => "paused",
        }
    }
}

/// What Healthchecks shows of how a check does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shown {
    /// The word.
    pub(crate) word: Word,
    /// When the open run began.
    pub(crate) started_at: Option<Moment>,
    /// When the newest success or failure was.
    pub(crate) last_ping: Option<Moment>,
    /// From when on its grace runs: the due moment, or the start of the open run.
    pub(crate) next_ping: Option<Moment>,
}

/// The view of a monitor's state at a moment.
pub(crate) fn shown(rules: &Rules, state: &State, memory: &Memory, now: Moment) -> Shown {
    let due_at = state.due_at(rules);
    let is_due = due_at.is_some_and(|due_at| now >= due_at);
    // hb waits a second before it alarms, and longer where it was blind; the word does not wait for
    // the first, as little as Healthchecks' own.
    let is_missed = state.status() != Status::Unknown
        && state.missed_at(rules).is_some_and(|missed_at| now >= missed_at);
    let word = match word_of(state.status()) {
        Some(word @ (Word::Paused | Word::Down)) => word,
        _ if state.last_success_at.is_none() => Word::New,
        _ if is_missed => Word::Down,
        _ if is_due => Word::Grace,
        _ => Word::Up,
    };
    let paused_at = state.pause.as_ref().map(|pause| pause.from);
    let runs = state.open_runs(rules).into_iter().map(|run| run.started_at);
    let newest = runs.filter(|at| paused_at.is_none_or(|paused_at| *at > paused_at)).max();
    let started_at = newest.map(|at| memory.started_at(paused_at).map_or(at, |own| own.max(at)));
    let next_ping = match word {
        Word::Down => None,
        Word::New | Word::Paused => started_at,
        Word::Up | Word::Grace => match (due_at, started_at) {
            (Some(due_at), Some(started_at)) => Some(due_at.min(started_at)),
            (one, other) => one.or(other),
        },
    };
    let last_ping = state.last_success_at.max(state.last_failure_at);
    Shown { word, started_at, last_ping, next_ping }
}

/// Healthchecks' word for one of hb's; none where it has no word of its own and the one before stands.
fn word_of(status: Status) -> Option<Word> {
    match status {
        Status::New => Some(Word::New),
        Status::Up | Status::Partial => Some(Word::Up),
        Status::Paused => Some(Word::Paused),
        Status::Running | Status::Late | Status::Unknown => None,
        // Whatever people are told of.
        Status::Missed | Status::Failed | Status::VerifyFailed => Some(Word::Down),
        Status::Overrun | Status::Stalled | Status::Vanished => Some(Word::Down),
    }
}

/// Whether one of hb's own words is Healthchecks' `down`.
pub(crate) fn is_down(status: Status) -> bool {
    word_of(status) == Some(Word::Down)
}

/// The moments at which the word changed, the oldest first, and whether it was `up` from then on.
/// `changes` are those of the monitor, the oldest first: before, after, and when.
///
/// Due and running are no words here. But a run that is open after bad times means that another one
/// has succeeded meanwhile.
pub(crate) fn flips(
    changes: impl IntoIterator<Item = (Status, Status, Moment)>,
) -> Vec<(Moment, bool)> {
    let mut word = None;
    let mut flips = Vec::new();
    for (from, to, at) in changes {
        let before = word.or(word_of(from));
        let after = match (word_of(to), before) {
            (None, Some(Word::Down)) if to != Status::Unknown => Some(Word::Up),
            (None, before) => before,
            (after, _) => after,
        };
        if let Some(after) = after.filter(|_| after != before) {
            flips.push((at, after == Word::Up));
        }
        word = after;
    }
    flips
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::event::Kind;
    use crate::domain::host::Uptime;
    use crate::domain::schedule::Line;
    use crate::domain::schedule::zone::Zone;
    use crate::domain::transition::{Heard, Input, step};

    #[test]
    fn a_host_that_is_waited_for_is_not_down() {
        let now = Moment::from_epoch_ms(1_795_000_000_500);
        let schedule = Line::parse(None, "every 1h").expect("a schedule").schedule;
        let mut rules = Rules::of(Some(schedule), Zone::utc(), now);
        rules.absent_at_most = Some(Duration::from_secs(86_400));
        let uptime = Some(Uptime { up_ms: 0, awake_ms: 0, behind: false });
        let success = Heard { uptime, ..Heard::new(Kind::Success, now) };
        let up = step(&rules, &State::new(now), &Input::Event(&success), now).state;
        let look = |hours: u64| {
            let at = now.after(Duration::from_secs(hours * 3_600));
            let state = step(&rules, &up, &Input::Tick, at).state;
            shown(&rules, &state, &Memory::default(), at).word
        };
        assert_eq!([look(0), look(5), look(27)], [Word::Up, Word::Grace, Word::Down]);
    }

    #[test]
    fn the_word_follows_the_clock() {
        let now = Moment::from_epoch_ms(1_795_000_000_500);
        let after = |seconds: u64| now.after(Duration::from_secs(seconds));
        let schedule = Line::parse(None, "every 60s").expect("a schedule").schedule;
        let mut rules = Rules::of(Some(schedule), Zone::utc(), now);
        (rules.grace, rules.tolerance, rules.wait_first) = (Duration::from_secs(60), 0, true);
        let memory = Memory::default();
        let new = State::new(now);
        let look = |state: &State, at: Moment| shown(&rules, state, &memory, at);
        assert_eq!((look(&new, after(900)).word, look(&new, now).next_ping), (Word::New, None));
        let success = Heard::new(Kind::Success, now);
        let up = step(&rules, &new, &Input::Event(&success), now).state;
        for (seconds, word) in [
            (0, Word::Up),
            (59, Word::Up),
            (60, Word::Grace),
            (119, Word::Grace),
            (120, Word::Down),
        ] {
            assert_eq!(look(&up, after(seconds)).word, word, "{seconds}");
        }
        assert_eq!(look(&up, after(60)).next_ping, Some(after(60)));
        assert_eq!(look(&up, after(120)).next_ping, None);
    }

    #[test]
    fn a_flip_is_a_change_of_healthchecks_words() {
        use Status::{Failed, Late, Missed, New, Overrun, Paused, Running, Unknown, Up};
        let cases: [(&[Status], &[bool]); 9] = [
            (&[New, Up, Late, Missed, Up], &[true, false, true]),
            (&[New, Running, Up, Running, Up], &[true]),
            (&[New, Running, Overrun, Up], &[false, true]),
            (&[New, Paused, Failed], &[false, false]),
            (&[Up, Paused, New, Up], &[false, false, true]),
            (&[Up, Late, Unknown, Up], &[]),
            (&[Up, Late, Unknown, Missed], &[false]),
            (&[Failed, Running, Up], &[true]),
            (&[Failed, Unknown, Failed], &[]),
        ];
        for (words, expected) in cases {
            let at = Moment::from_epoch_ms(0);
            let changes = words.windows(2).map(|pair| (pair[0], pair[1], at));
            let found: Vec<bool> = flips(changes).into_iter().map(|(_, up)| up).collect();
            assert_eq!(found, expected, "{words:?}");
        }
    }
}
