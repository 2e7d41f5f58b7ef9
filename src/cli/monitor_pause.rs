//! `hb monitor pause` and `resume`: a pause says when it ends, or that it does not.
//!
//! A pause without an end is how a backup is not watched for a year, so it has to be asked for by name.

use clap::Args;
use serde_json::{Value, json};

use super::monitor::each;
use super::receiver::{Asking, Failed};
use super::table::one_line;
use super::{flags, moments, say, status_view};
use crate::client::answer::Object;
use crate::client::api::Ask;
use crate::domain::time::Moment;
use crate::sys::clock;

/// A pause, and how it ends.
#[derive(Args, Debug)]
pub(crate) struct PauseArguments {
    /// The monitors
    #[arg(value_name = "MONITOR", required = true)]
    names: Vec<String>,
    /// For so long: 1h, 2d
    #[arg(long = "for", value_name = "TIME", conflicts_with_all = ["until", "until_success", "forever"])]
    span: Option<String>,
    /// Until then: `18:00`, `2026-12-24 18:00`, 2026-12-24T17:00:00Z
    #[arg(long, value_name = "MOMENT", conflicts_with_all = ["until_success", "forever"])]
    until: Option<String>,
    /// Until it succeeds again
    #[arg(long, conflicts_with = "forever")]
    until_success: bool,
    /// Until somebody resumes it
    #[arg(long)]
    forever: bool,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl PauseArguments {
    fn body(&self) -> Result<Value, Failed> {
        let mut body = match (&self.span, &self.until) {
            (Some(_), _) => {
                let span = flags::positive("for", &self.span).map_err(Failed::usage)?;
                json!({ "for": span.unwrap_or_default().as_secs() })
            }
            (None, Some(until)) => json!({ "until": moment(until)?.to_rfc3339() }),
            (None, None) if self.until_success => json!({ "until_success": true }),
            // A pause that says nothing of its end is one without.
            (None, None) if self.forever => json!({}),
            (None, None) => {
                let why = "a pause needs an end: `--for 1h`, `--until 18:00` or `--until-success`";
                let hint = "a pause without an end is easily forgotten; `--forever` asks for one";
                return Err(Failed::usage(why).hint(hint));
            }
        };
        if let Some(reason) = &self.reason {
            body["reason"] = json!(reason);
        }
        Ok(body)
    }
}

/// A moment of a flag `--until`, which lies ahead.
pub(crate) fn moment(text: &str) -> Result<Moment, Failed> {
    let now = clock::now();
    let zone = jiff::tz::TimeZone::system();
    let refused = |why: String| Failed::usage(format!("`--until`: {why}"));
    let moment = moments::meant(text, now, &zone).map_err(refused)?;
    if moment <= now {
        return Err(refused(format!("{} is over", moments::local(moment))));
    }
    Ok(moment)
}

/// Pauses monitors.
pub(crate) async fn pause(asking: &Asking, wanted: &PauseArguments) -> Result<i32, Failed> {
    let body = wanted.body()?;
    each(&wanted.names, async |name| {
        let answer = asking.about(name, Ask::post(&["monitors", name, "pause"], &body)).await?;
        let until = Object(&answer.value).object("pause").map(status_view::pause);
        let until = until.map(|until| format!(" {}", one_line(&until))).unwrap_or_default();
        say::data(&format!("`{name}` is paused{until}\n"));
        Ok(())
    })
    .await
}

/// Ends their pauses.
pub(crate) async fn resume(asking: &Asking, names: &[String]) -> Result<i32, Failed> {
    each(names, async |name| {
        let body = json!({});
        let answer = asking.about(name, Ask::post(&["monitors", name, "resume"], &body)).await?;
        let status = one_line(Object(&answer.value).text("status"));
        let status = if status.is_empty() { String::new() } else { format!(": {status}") };
        say::data(&format!("`{name}` is watched again{status}\n"));
        Ok(())
    })
    .await
}
