//! The newest run: the only one that Healthchecks watches.
//!
//! To `domain::transition` it is one run as long as it is open: a second start makes it last longer
//! instead of beginning another. A finish ends it as Healthchecks has it: one with its id, one without
//! any, and a failure with whatever id.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::event::Kind;
use crate::domain::time::Moment;
use crate::domain::transition::Heard;

/// What has to be remembered of a check besides its state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    /// The run that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Run>,
    /// How long the last run took, where its start was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration_ms: Option<u64>,
}

/// The run that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Run {
    /// What the state machine knows it by.
    name: String,
    /// What its client calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rid: Option<String>,
    /// When the first of its starts was.
    first_at: Moment,
    /// When the newest was.
    started_at: Moment,
    /// It took too long before the newest, which is no reason to call it well again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_overdue: bool,
}

/// A ping in the words of the state machine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Translated {
    /// What the state machine hears; none: nothing.
    pub(crate) heard: Option<Heard>,
    /// How long the run took that it ends.
    pub(crate) duration_ms: Option<u64>,
}

impl Memory {
    /// When the open run began, by its newest start; one from before a pause is forgotten.
    pub(crate) fn started_at(&self, paused_at: Option<Moment>) -> Option<Moment> {
        let started_at = self.run.as_ref()?.started_at;
        paused_at.is_none_or(|paused_at| started_at > paused_at).then_some(started_at)
    }

    /// Translates the `n`th ping of a check. `grace` is how long a run may take; `knows_any` says
    /// whether a finish was heard before.
    ///
    /// Worked example, grace 60 s: starts at 10:00:00 and 10:00:30 are one run with a limit of 90 s. A
    /// success without an id at 10:00:50 ends it, and took 20 s; one with an id nobody has started
    /// leaves it open.
    pub(crate) fn translate(
        &mut self,
        mut heard: Heard,
        n: u64,
        grace: Duration,
        paused_at: Option<Moment>,
        knows_any: bool,
    ) -> Translated {
        let mut duration_ms = None;
        match heard.kind {
            Kind::Start => self.start(&mut heard, n, grace),
            Kind::Success | Kind::Warning | Kind::Failure => {
                duration_ms = self.finish(&mut heard, paused_at);
                self.duration_ms = duration_ms;
            }
            // The rest is a line of a log to it. Before the first finish nothing is expected, and a
            // line does not change that.
            Kind::Progress | Kind::Stage | Kind::Log if self.run.is_none() && !knows_any => {
                return Translated { heard: None, duration_ms };
            }
            Kind::Progress | Kind::Stage | Kind::Log => {
                heard.kind = Kind::Log;
                heard.run_id = self.run.as_ref().map(|run| run.name.clone());
            }
            Kind::Verified | Kind::Test | Kind::Pause | Kind::Resume => {}
        }
        Translated { heard: Some(heard), duration_ms }
    }

    fn start(&mut self, heard: &mut Heard, n: u64, grace: Duration) {
        let (at, rid) = (heard.at, heard.run_id.take());
        let name = match &mut self.run {
            Some(run) => {
                run.is_overdue |= at.since(run.started_at) >= grace;
                if !run.is_overdue {
                    let lasts = at.since(run.first_at).saturating_add(grace);
                    heard.expected_ms = u64::try_from(lasts.as_millis()).ok();
                }
                (run.started_at, run.rid) = (at, rid);
                run.name.clone()
            }
            None => {
                let name = rid.clone().unwrap_or_else(|| format!("start-{n}"));
                self.run = Some(Run {
                    name: name.clone(),
                    rid,
                    first_at: at,
                    started_at: at,
                    is_overdue: false,
                });
                name
            }
        };
        heard.run_id = Some(name);
    }

    fn finish(&mut self, heard: &mut Heard, paused_at: Option<Moment>) -> Option<u64> {
        // The next success is expected after this one, however long its run took.
        heard.started_at = Some(heard.at);
        let started_at = self.started_at(paused_at);
        let run = self.run.take()?;
        let is_its_own = run.rid == heard.run_id;
        let ends = is_its_own
            || heard.run_id.is_none()
            || heard.kind == Kind::Failure
            || started_at.is_none();
        if !ends {
            self.run = Some(run);
            // The state machine knows the run by its first id, which may be this one.
            heard.run_id = None;
            return None;
        }
        heard.run_id = Some(run.name);
        let took = heard.at.since(started_at.filter(|_| is_its_own)?);
        u64::try_from(took.as_millis()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(60);

    fn at(second: i64) -> Moment {
        Moment::from_epoch_ms(1_795_000_000_000 + second * 1000)
    }

    fn ping(memory: &mut Memory, kind: Kind, rid: &str, second: i64) -> Translated {
        let mut heard = Heard::new(kind, at(second));
        heard.run_id = (!rid.is_empty()).then(|| rid.to_owned());
        memory.translate(heard, second.unsigned_abs() + 1, GRACE, None, true)
    }

    #[test]
    fn a_finish_ends_the_newest_run_as_healthchecks_has_it() {
        // (id of the start, kind and id of the finish, whether it ends, whether it took a time)
        let cases = [
            ("", Kind::Success, "", true, true),
            ("a", Kind::Success, "a", true, true),
            ("a", Kind::Success, "b", false, false),
            ("", Kind::Success, "b", false, false),
            ("a", Kind::Success, "", true, false),
            ("a", Kind::Failure, "b", true, false),
            ("a", Kind::Failure, "a", true, true),
            ("", Kind::Failure, "", true, true),
        ];
        for (start, kind, rid, ends, took) in cases {
            let mut memory = Memory::default();
            let name = ping(&mut memory, Kind::Start, start, 0).heard.expect("a start").run_id;
            let told = ping(&mut memory, kind, rid, 5);
            let case = format!("{start:?} {kind:?} {rid:?}");
            assert_eq!(memory.started_at(None).is_none(), ends, "{case}");
            assert_eq!(told.duration_ms, took.then_some(5_000), "{case}");
            assert_eq!(memory.duration_ms, told.duration_ms, "{case}");
            let heard = told.heard.expect("a finish");
            assert_eq!(heard.run_id == name, ends, "{case}");
        }
    }

    #[test]
    fn a_second_start_makes_the_run_last_longer() {
        let mut memory = Memory::default();
        let first = ping(&mut memory, Kind::Start, "", 0).heard.expect("a start");
        assert_eq!(first.expected_ms, None);
        let second = ping(&mut memory, Kind::Start, "b", 30).heard.expect("a start");
        assert_eq!((second.run_id, second.expected_ms), (first.run_id, Some(90_000)));
        assert_eq!(memory.started_at(None), Some(at(30)));
        assert_eq!(memory.started_at(Some(at(31))), None);
        let older = ping(&mut memory, Kind::Success, "", 40);
        assert_eq!(older.duration_ms, None);
        ping(&mut memory, Kind::Start, "a", 41);
        ping(&mut memory, Kind::Start, "b", 42);
        let older = ping(&mut memory, Kind::Success, "a", 43);
        assert_eq!(older.heard.expect("a finish").run_id, None);
        assert_eq!(ping(&mut memory, Kind::Success, "b", 50).duration_ms, Some(8_000));
        let third = ping(&mut memory, Kind::Start, "", 60).heard.expect("a start");
        assert_eq!(third.run_id.as_deref(), Some("start-61"));
    }

    #[test]
    fn a_start_does_not_save_a_run_that_took_too_long() {
        let mut memory = Memory::default();
        ping(&mut memory, Kind::Start, "", 0);
        for second in [60, 70, 140] {
            let heard = ping(&mut memory, Kind::Start, "", second).heard.expect("a start");
            assert_eq!(heard.expected_ms, None, "{second}");
            assert_eq!(memory.started_at(None), Some(at(second)));
        }
        assert_eq!(ping(&mut memory, Kind::Success, "", 150).duration_ms, Some(10_000));
    }

    #[test]
    fn a_line_of_a_log_before_everything_is_not_heard() {
        let mut memory = Memory::default();
        let heard = Heard::new(Kind::Log, at(0));
        assert_eq!(memory.translate(heard.clone(), 1, GRACE, None, false).heard, None);
        assert_eq!(memory.translate(heard.clone(), 1, GRACE, None, true).heard, Some(heard));
    }
}
