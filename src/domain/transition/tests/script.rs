//! Stories as text: one line an input, with the word that it leads to.
//!
//! `2 03:10 success a started=2T02:00 => up due=3T02:00` is Monday, 2 March 2026, in UTC. After each line the
//! things that always hold are held against it as well.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::super::{Change, Heard, Input, Phase, State, Step, Taken, step};
use crate::domain::event::Kind;
use crate::domain::host::Uptime;
use crate::domain::monitor::Rules;
use crate::domain::schedule::Line;
use crate::domain::schedule::zone::Zone;
use crate::domain::span;
use crate::domain::time::Moment;

/// `2` and `03:10:05.250` in March 2026; `2026-10-25` is a day as well.
pub(super) fn moment(day: &str, time: &str) -> Moment {
    let date = match day.parse::<u32>() {
        Ok(day) => format!("2026-03-{day:02}"),
        Err(_) => day.to_owned(),
    };
    let seconds = if time.len() == 5 { ":00" } else { "" };
    Moment::parse_rfc3339(&format!("{date}T{time}{seconds}Z")).expect(time)
}

/// `2T03:10`.
fn joined(text: &str) -> Moment {
    let (day, time) = text.split_once('T').expect(text);
    moment(day, time)
}

pub(super) fn span_of(text: &str) -> Duration {
    span::parse_with_ms(text).expect(text)
}

pub(super) fn zone(name: &str) -> Zone {
    Zone::new(TimeZone::get(name).expect(name))
}

/// `0 2 * * * | grace 2h | zone Europe/Berlin | tolerance 1 | at-most 1h | start-within 5m | wait`; `-` is
/// no schedule.
pub(super) fn rules(text: &str) -> Rules {
    let mut parts = text.split('|').map(str::trim);
    let schedule = parts.next().filter(|schedule| *schedule != "-");
    let schedule = schedule.map(|text| Line::parse(None, text).expect(text).schedule);
    let mut rules = Rules::of(schedule, Zone::utc(), moment("1", "00:00"));
    for part in parts {
        let (name, value) = part.split_once(' ').unwrap_or((part, ""));
        match name {
            "grace" => rules.grace = span_of(value),
            "zone" => rules.zone = zone(value),
            "tolerance" => rules.tolerance = value.parse().expect("a number"),
            "at-most" => rules.run_at_most = Some(span_of(value)),
            "start-within" => rules.start_within = Some(span_of(value)),
            "wait" => rules.wait_first = true,
            "absent" => rules.absent_at_most = Some(span_of(value)),
            _ => panic!("no rule `{part}`"),
        }
    }
    rules
}

/// A story from its beginning to its end.
pub(super) fn play(rules: &str, lines: &str) -> Story {
    let mut story = Story::new(rules);
    story.play(lines);
    story
}

/// A monitor under test.
pub(super) struct Story {
    pub(super) rules: Rules,
    pub(super) state: State,
    pub(super) changes: Vec<Change>,
    pub(super) last: Option<Step>,
}

impl Story {
    /// A monitor that is made on the first of March at midnight.
    pub(super) fn new(rules_text: &str) -> Story {
        let state = State::new(moment("1", "00:00"));
        Story { rules: rules(rules_text), state, changes: Vec::new(), last: None }
    }

    /// One input; everything that always holds is checked.
    pub(super) fn step(&mut self, input: &Input, now: Moment) -> Step {
        let done = step(&self.rules, &self.state, input, now);
        check_always(&self.rules, &done, now);
        self.state = done.state.clone();
        self.changes.extend(done.changes.iter().cloned());
        self.last = Some(done.clone());
        done
    }

    /// Plays lines.
    pub(super) fn play(&mut self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (input, expected) = line.split_once("=>").unwrap_or((line, ""));
            let words: Vec<&str> = input.split_whitespace().collect();
            let now = moment(words[0], words[1]);
            let done = self.input(&words[2..], now);
            for wanted in expected.split_whitespace() {
                self.check(line, wanted, &done);
            }
        }
    }

    fn input(&mut self, words: &[&str], now: Moment) -> Step {
        let value =
            |name: &str| words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        match words[0] {
            "tick" => self.step(&Input::Tick, now),
            "blind" => {
                let all = |name: &str| {
                    let values = words.iter().filter_map(|word| word.strip_prefix(name));
                    values.map(joined).collect::<Vec<_>>()
                };
                let untils = all("until=").into_iter().chain([now]);
                self.step(&Input::Blind(all("from=").into_iter().zip(untils).collect()), now)
            }
            "pause" => {
                let until_success = words.contains(&"until-success");
                let until = value("until").map(joined);
                self.step(&Input::Pause { until, until_success, reason: None }, now)
            }
            "resume" => self.step(&Input::Resume, now),
            "host" => {
                let uptime = uptime(words).expect("how long it was up and awake");
                self.step(&Input::Sign { at: now, uptime }, now)
            }
            "quiet" => self.step(&Input::Quiet { until: value("until").map(joined) }, now),
            "rules" => {
                self.rules = rules(&words[1..].join(" "));
                self.step(&Input::Rules, now)
            }
            _ => self.step(&Input::Event(&heard(words, now)), now),
        }
    }

    fn check(&self, line: &str, wanted: &str, done: &Step) {
        let moment_of = |at: Option<Moment>| at.map_or("none".to_owned(), Moment::to_rfc3339);
        let is_at = |at: Option<Moment>, text: &str| {
            let expected = (text != "none").then(|| joined(text));
            assert_eq!(moment_of(at), moment_of(expected), "{line}");
        };
        let taken = || done.heard.clone().unwrap_or_default();
        match wanted.split_once('=').unwrap_or((wanted, "")) {
            ("due", at) => is_at(self.state.due_at(&self.rules), at),
            ("deadline", at) => is_at(self.state.deadline_at(&self.rules), at),
            ("wake", at) => is_at(done.wake_at, at),
            ("since", at) => is_at(self.state.since(), at),
            ("verdict", word) => {
                let now = self.state.facts(&self.rules, self.now(line)).verdict;
                assert_eq!(now.word(), word, "{line}");
            }
            ("open", count) => {
                assert_eq!(self.state.open_runs(&self.rules).len().to_string(), count, "{line}");
            }
            ("runs", words) => {
                let facts = self.state.facts(&self.rules, self.now(line));
                let own: Vec<&str> = facts.runs.iter().map(|fact| fact.word.word()).collect();
                assert_eq!(own.join(","), words, "{line}");
            }
            ("quiet", "yes") => assert!(self.state.is_quiet(self.now(line)), "{line}"),
            ("quiet", _) => assert!(!self.state.is_quiet(self.now(line)), "{line}"),
            ("changes", count) => assert_eq!(done.changes.len().to_string(), count, "{line}"),
            ("took", text) => {
                let took = taken().run.and_then(|run| run.duration_ms);
                let expected = (text != "none").then(|| span_of(text).as_millis() as u64);
                assert_eq!(took, expected, "{line}");
            }
            ("taken", words) => assert_eq!(marks(&taken()), words, "{line}"),
            (status, _) => assert_eq!(self.state.status().word(), status, "{line}"),
        }
    }

    fn now(&self, line: &str) -> Moment {
        let mut words = line.split_whitespace();
        moment(words.next().expect("a day"), words.next().expect("a time"))
    }

    /// How the word changed, with the moments.
    pub(super) fn told(&self) -> Vec<String> {
        let shown = |change: &Change| {
            let at = change.at.to_rfc3339();
            let day = at[8..10].trim_start_matches('0');
            let time = at[11..].trim_end_matches('Z').trim_end_matches(".000");
            let time = time.strip_suffix(":00").unwrap_or(time);
            format!("{day}T{time} {}>{}", change.from.word(), change.to.word())
        };
        self.changes.iter().map(shown).collect()
    }
}

/// `up=9h awake=3h`.
fn uptime(words: &[&str]) -> Option<Uptime> {
    let ms = |name: &str| {
        let text = words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))?;
        Some(span_of(text).as_millis() as u64)
    };
    let behind = words.contains(&"behind");
    Some(Uptime { up_ms: ms("up")?, awake_ms: ms("awake")?, behind })
}

/// What became of an event, in words.
fn marks(taken: &Taken) -> String {
    let marks = [
        (taken.late, "late"),
        (taken.early, "early"),
        (taken.duplicate, "duplicate"),
        (taken.stale, "stale"),
        (taken.ambiguous, "ambiguous"),
    ];
    let words: Vec<&str> = marks.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
    if words.is_empty() { "plain".to_owned() } else { words.join(",") }
}

/// `success a at=2T03:00 started=2T02:00 took=5m exit=1 lease=1m expect=2h stalled mismatch`.
pub(super) fn heard(words: &[&str], now: Moment) -> Heard {
    let kind = Kind::parse(words[0]).unwrap_or_else(|| match words[0] {
        "pausing" => Kind::Pause,
        "resuming" => Kind::Resume,
        other => panic!("no input `{other}`"),
    });
    let mut event = Heard { received_at: now, uptime: uptime(words), ..Heard::new(kind, now) };
    for word in &words[1..] {
        let ms = |text: &str| Some(span_of(text).as_millis() as u64);
        match word.split_once('=').unwrap_or((word, "")) {
            ("at", at) => event.at = joined(at),
            ("started", at) => event.started_at = Some(joined(at)),
            ("took", text) => event.duration_ms = ms(text),
            ("lease", text) => event.lease_ms = ms(text),
            ("expect", text) => event.expected_ms = ms(text),
            ("exit", code) => event.exit_code = code.parse().ok(),
            ("stalled", _) => event.stalled = Some(true),
            ("phase", stage) => event.phase = Phase::of(stage),
            ("up" | "awake", _) => {}
            ("on", host) => event.host = Some(host.to_owned()),
            ("mismatch", _) => event.matches_expected = Some(false),
            (id, _) => event.run_id = Some(id.to_owned()),
        }
    }
    event
}

/// What holds after every step.
pub(super) fn check_always(rules: &Rules, done: &Step, now: Moment) {
    let state = &done.state;
    assert!(done.wake_at.is_none_or(|at| at > now), "wakes at once: {done:?}");
    // A second tick finds nothing.
    let again = step(rules, state, &Input::Tick, now);
    assert_eq!((&again.state, again.changes.len()), (state, 0), "at {now:?}");
    assert_eq!(again.wake_at, done.wake_at);
    // Nothing happens before the moment at which it wants to be woken, and then something does.
    if let Some(wake_at) = done.wake_at {
        let before = step(rules, state, &Input::Tick, Moment(wake_at.0 - 1));
        assert_eq!((&before.state, before.changes.len()), (state, 0), "before {wake_at:?}");
        let woken = step(rules, state, &Input::Tick, wake_at);
        let is_quiet_end = state.quiet_until == Some(wake_at);
        assert!(!woken.changes.is_empty() || is_quiet_end, "nothing at {wake_at:?}: {state:?}");
    }
    // What is written is read back.
    let text = serde_json::to_string(state).expect("JSON");
    assert_eq!(&serde_json::from_str::<State>(&text).expect(&text), state, "{text}");
    for change in &done.changes {
        assert!(change.from != change.to && change.at <= now, "{change:?} at {now:?}");
    }
    for pair in done.changes.windows(2) {
        assert!(pair[0].at <= pair[1].at && pair[0].to == pair[1].from, "{:?}", done.changes);
    }
}
