//! What a job has said so far, and which of it receivers hear at once. Pure.
//!
//! A stage is told when it begins, progress when it is made, each at most once in a while, so that a loop
//! that counts to a million costs no receiver a million pings. What has to wait is told as soon as it may
//! be, as it is then: the last word before a long silence is the one that people look at.

use std::time::Duration;

use super::words::{NAMES_MAX, Word};
use crate::domain::event::{Event, Kind};
use crate::domain::metric::Metrics;
use crate::domain::time::Moment;

/// The shortest time between two progress events.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// The shortest time between two stage events.
const STAGE_EVERY: Duration = Duration::from_secs(1);

/// What a job has said.
#[derive(Default)]
pub(crate) struct Heard {
    /// How far it is.
    pub(crate) percent: Option<f64>,
    /// What it measured.
    pub(crate) metrics: Metrics,
    /// Its stages, each with the milliseconds at which it began.
    pub(crate) stages: Vec<(String, u64)>,
    /// Its steps, each with its exit code.
    pub(crate) steps: Vec<(String, i32)>,
    stage_telling: Telling,
    progress_telling: Telling,
}

/// When something was told last, and whether there is news since.
#[derive(Default)]
struct Telling {
    told: Option<Duration>,
    is_new: bool,
}

impl Telling {
    /// When the news may be told.
    fn due(&self, every: Duration) -> Option<Duration> {
        self.is_new.then(|| self.told.map_or(Duration::ZERO, |told| told + every))
    }

    /// Takes the news, when it may be told.
    fn take(&mut self, every: Duration, elapsed: Duration) -> bool {
        let is_due = self.due(every).is_some_and(|due| due <= elapsed);
        if is_due {
            *self = Telling { told: Some(elapsed), is_new: false };
        }
        is_due
    }
}

impl Heard {
    /// The stage it is in.
    pub(crate) fn stage(&self) -> Option<&str> {
        self.stages.last().map(|(name, _)| name.as_str())
    }

    /// The steps that failed.
    pub(crate) fn failed_steps(&self) -> Vec<(String, i32)> {
        self.steps.iter().filter(|(_, code)| *code != 0).cloned().collect()
    }

    /// When, after the start, there is something to tell that had to wait.
    pub(crate) fn due(&self) -> Option<Duration> {
        let stage = self.stage_telling.due(STAGE_EVERY);
        stage.into_iter().chain(self.progress_telling.due(PROGRESS_EVERY)).min()
    }

    /// Takes words that were said `elapsed` after the start; gives the events to tell now.
    pub(crate) fn take(
        &mut self,
        said: Vec<Word>,
        elapsed: Duration,
        monitor: &str,
        now: Moment,
    ) -> Vec<Event> {
        for word in said {
            match word {
                Word::Progress(percent) => {
                    self.percent = Some(percent);
                    self.progress_telling.is_new = true;
                }
                Word::Stage(name) if self.stages.len() < NAMES_MAX => {
                    let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
                    self.stage_telling.is_new |= self.stage() != Some(&name);
                    self.stages.push((name, ms));
                    self.stages.dedup_by(|later, earlier| later.0 == earlier.0);
                }
                Word::Step(name, code) if self.steps.len() < NAMES_MAX => {
                    self.steps.push((name, code));
                }
                // A failed step is never forgotten, whatever came before it.
                Word::Step(name, code) if code != 0 => {
                    self.steps.pop();
                    self.steps.push((name, code));
                }
                Word::Stage(_) | Word::Step(..) => {}
                Word::Metric(key, value) => {
                    self.metrics.set(&key, &value);
                }
            }
        }
        let mut events = Vec::new();
        if self.stage_telling.take(STAGE_EVERY, elapsed) {
            events.push(self.event(Kind::Stage, monitor, now));
        }
        if self.progress_telling.take(PROGRESS_EVERY, elapsed) {
            events.push(self.event(Kind::Progress, monitor, now));
        }
        events
    }

    fn event(&self, kind: Kind, monitor: &str, now: Moment) -> Event {
        let mut event = Event::new(kind, monitor, now);
        event.percent = self.percent;
        event.stage = self.stage().map(str::to_owned);
        event.metrics = self.metrics.clone();
        event
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Heard, Moment, Word};

    #[test]
    fn a_million_steps_of_progress_are_a_few_pings() {
        let mut heard = Heard::default();
        let mut told = 0;
        for ms in 0..60_000u64 {
            let word = Word::Progress(f64::from(u32::try_from(ms).unwrap()) / 600.0);
            let elapsed = Duration::from_millis(ms);
            told += heard.take(vec![word], elapsed, "m", Moment::from_epoch_ms(0)).len();
        }
        assert_eq!(told, 6);
    }

    #[test]
    fn the_last_word_before_a_silence_is_told_as_soon_as_it_may_be() {
        let mut heard = Heard::default();
        let mut told = Vec::new();
        let mut take = |ms: u64, said: Vec<Word>| {
            for event in heard.take(said, Duration::from_millis(ms), "m", Moment::from_epoch_ms(0))
            {
                told.push((ms, event.kind.word(), event.stage, event.percent));
            }
            heard.due().map(|due| due.as_millis())
        };
        let stage = |name: &str| Word::Stage(name.to_owned());
        assert_eq!(take(5, vec![stage("one"), Word::Progress(1.0)]), None);
        assert_eq!(take(400, vec![stage("two")]), Some(1005));
        assert_eq!(take(700, vec![stage("three"), Word::Progress(50.0)]), Some(1005));
        assert_eq!(take(1005, Vec::new()), Some(10_005));
        assert_eq!(take(9000, vec![Word::Progress(90.0)]), Some(10_005));
        assert_eq!(take(10_005, Vec::new()), None);
        assert_eq!(take(99_000, vec![stage("three")]), None, "it is in that stage already");
        let (one, three) = (Some("one".to_owned()), Some("three".to_owned()));
        let expected = [
            (5, "stage", one.clone(), Some(1.0)),
            (5, "progress", one, Some(1.0)),
            (1005, "stage", three.clone(), Some(50.0)),
            (10_005, "progress", three, Some(90.0)),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_failed_step_is_not_forgotten_among_many() {
        let mut heard = Heard::default();
        let steps =
            (0..1000).map(|number| Word::Step(number.to_string(), i32::from(number == 700)));
        heard.take(steps.collect(), Duration::ZERO, "m", Moment::from_epoch_ms(0));
        assert_eq!(heard.failed_steps(), [("700".to_owned(), 1)]);
    }
}
