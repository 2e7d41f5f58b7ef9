//! What a job has said so far, and which of it receivers hear at once. Pure.
//!
//! A stage is told when it begins; progress at most once in [`PROGRESS_EVERY`], so that a loop that
//! counts to a million costs no receiver a million pings.

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
    told_progress: Option<Duration>,
    told_stage: Option<Duration>,
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

    /// Takes words that were said `elapsed` after the start; gives the events to tell now.
    pub(crate) fn take(
        &mut self,
        said: Vec<Word>,
        elapsed: Duration,
        monitor: &str,
        now: Moment,
    ) -> Vec<Event> {
        let (mut new_stage, mut new_progress) = (false, false);
        for word in said {
            match word {
                Word::Progress(percent) => {
                    self.percent = Some(percent);
                    new_progress = true;
                }
                Word::Stage(name) if self.stages.len() < NAMES_MAX => {
                    let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
                    new_stage |= self.stage() != Some(&name);
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
        let over = |told: Option<Duration>, every| told.is_none_or(|told| elapsed >= told + every);
        let mut events = Vec::new();
        if new_stage && over(self.told_stage, STAGE_EVERY) {
            self.told_stage = Some(elapsed);
            events.push(self.event(Kind::Stage, monitor, now));
        } else if new_progress && over(self.told_progress, PROGRESS_EVERY) {
            self.told_progress = Some(elapsed);
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
    fn a_failed_step_is_not_forgotten_among_many() {
        let mut heard = Heard::default();
        let steps =
            (0..1000).map(|number| Word::Step(number.to_string(), i32::from(number == 700)));
        heard.take(steps.collect(), Duration::ZERO, "m", Moment::from_epoch_ms(0));
        assert_eq!(heard.failed_steps(), [("700".to_owned(), 1)]);
    }
}
