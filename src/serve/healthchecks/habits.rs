//! How the pings of a check are judged: as Healthchecks would, by the one state machine.

use super::check::Words;
use crate::domain::event::Kind;
use crate::domain::time::Moment;
use crate::domain::transition::{Ended, Heard, Input, Taken};
use crate::serve::judge::Judged;

/// Whether this monitor ignores pings now: it is paused, and only a person may resume it.
pub(crate) fn ignores(judged: &Judged) -> bool {
    judged.state.pause.is_some() && Words::parse(&judged.monitor.about.filters).manual_resume
}

/// Lets a monitor hear a ping; one that was not made as a check hears it as it is.
pub(crate) fn hear(judged: &mut Judged, heard: Heard, now: Moment) -> Taken {
    let n = judged.event_count();
    let grace = judged.compiled.rules.grace;
    let pause = judged.state.pause.as_ref();
    let (paused_at, until_success) =
        (pause.map(|pause| pause.from), pause.is_some_and(|pause| pause.until_success));
    let knows_any = judged.state.last_success_at.max(judged.state.last_failure_at).is_some();
    let Some(memory) = &mut judged.memory else {
        return judged.step(&Input::Event(&heard), now);
    };
    let (rid, at) = (heard.run_id.clone(), heard.at);
    let told = memory.translate(heard, n, grace, paused_at, knows_any);
    let Some(heard) = told.heard else { return Taken::default() };
    let mut taken = judged.step(&Input::Event(&heard), now);
    if heard.kind == Kind::Failure && until_success {
        // A failure ends a pause as well. Only now, so that there is one change and not two.
        judged.step(&Input::Resume, now);
    }
    if let Some(run) = &mut taken.run {
        let started_at = told.duration_ms.map(|ms| at.before(std::time::Duration::from_millis(ms)));
        *run = Ended { run_id: rid, started_at, ended_at: at, duration_ms: told.duration_ms };
    }
    taken
}
