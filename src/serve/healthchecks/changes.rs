//! Pausing and resuming, and the moments at which a check went up and down.

use std::sync::Arc;

use axum::response::Response;
use serde_json::{Value, json};

use super::caller::Call;
use super::checks::{named, seen};
use super::refusal::Refusal;
use super::route::Name;
use super::view;
use crate::domain::healthchecks::flips as flips_of;
use crate::domain::monitor::Status;
use crate::domain::time::Moment;
use crate::domain::transition::Input;
use crate::serve::effects::Effects;
use crate::serve::judge::{self, Judged};
use crate::serve::reply;
use crate::serve::{audit, blind};
use crate::store::changes;
use crate::sys::clock;

/// Changes that are looked through: a check that flaps every minute has as many in a week.
const CHANGES_MAX: u32 = 10_000;

/// The largest number of seconds that a query may ask for: a year.
const SECONDS_MAX: i64 = 31_536_000;

/// The last moment that a query may name, in seconds: in the year 2286.
const STAMP_MAX: i64 = 9_999_999_999;

/// Pauses a check until its next ping, or until it is resumed where only people may do that.
pub(super) async fn pause(call: Call, uuid: String) -> Result<Response, Refusal> {
    change(call, uuid, "monitor.pause", |judged, now| {
        // One that ends at its time is another pause than the one that is asked for.
        if judged.state.pause.as_ref().is_none_or(|pause| pause.until.is_some()) {
            let pause = Input::Pause { until: None, until_success: true, reason: None };
            judged.step(&pause, now);
        }
        Ok(())
    })
    .await
}

/// Expects pings again, from the next one on.
pub(super) async fn resume(call: Call, uuid: String) -> Result<Response, Refusal> {
    change(call, uuid, "monitor.resume", |judged, now| {
        if judged.state.pause.is_none() {
            return Err(Refusal::not_paused());
        }
        judged.begin_anew(now);
        Ok(())
    })
    .await
}

async fn change(
    call: Call,
    uuid: String,
    action: &'static str,
    how: impl Fn(&mut Judged, Moment) -> Result<(), Refusal> + Send + 'static,
) -> Result<Response, Refusal> {
    let caller = call.writer().await?;
    let (app, name) = (Arc::clone(&call.app), Name::Uuid(uuid));
    let changed = call.app.store.write(move |tx| {
        let now = clock::now();
        blind::notice(tx, &app.watch, now)?;
        let monitor = match named(tx, caller, &name, true)? {
            Ok(monitor) => monitor,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (id, mut effects) = (monitor.id, Effects::default());
        let slug = monitor.about.slug.clone();
        let mut judged = Judged::new(&app, monitor, now);
        if let Err(refusal) = how(&mut judged, now) {
            return Ok(Err(refusal));
        }
        audit::note(tx, caller, action, &slug, None, now)?;
        judged.settle(tx, now, &mut effects)?;
        judge::save(tx, vec![&judged], now)?;
        Ok(Ok((seen(tx, id)?, effects)))
    });
    let (seen, effects) = changed.await??;
    call.app.done(&effects);
    Ok(reply::json_ok(&call.view(caller, &seen)))
}

/// The flips of a check, the newest first.
pub(super) async fn flips(call: Call, name: Name) -> Result<Response, Refusal> {
    let caller = call.reader().await?;
    let found = call.app.store.read(move |tx| match named(tx, caller, &name, false)? {
        Ok(monitor) => changes::page(tx, monitor.id, None, CHANGES_MAX).map(Ok),
        Err(refusal) => Ok(Err(refusal)),
    });
    let page = found.await??;
    let (from, until) = window(&call.query(), clock::now())?;
    let word = |word: &str| Status::parse(word).unwrap_or(Status::Unknown);
    let oldest_first = page.rows.iter().rev().map(|stored| &stored.change);
    let flips =
        flips_of(oldest_first.map(|one| (word(&one.from_status), word(&one.to_status), one.at)));
    let shown: Vec<Value> = flips
        .into_iter()
        .rev()
        .filter(|(at, _)| (from..until).contains(at))
        .map(|(at, is_up)| json!({ "timestamp": view::second(at), "up": u8::from(is_up) }))
        .collect();
    Ok(reply::json_ok(&json!({ "flips": shown })))
}

/// The moments between which flips are asked for.
fn window(query: &[(String, String)], now: Moment) -> Result<(Moment, Moment), Refusal> {
    let (mut from, mut until) = (Moment::from_epoch_ms(i64::MIN), Moment::from_epoch_ms(i64::MAX));
    for (name, value) in query {
        let number = |max: i64| {
            let number = value.parse::<i64>().ok();
            number.filter(|number| (0..=max).contains(number)).ok_or_else(Refusal::bad_query)
        };
        match name.as_str() {
            "seconds" if value.is_empty() => {}
            "seconds" => {
                let seconds = number(SECONDS_MAX)?;
                from = from.max(Moment::from_epoch_ms(now.epoch_ms() - seconds * 1000));
            }
            "start" => from = from.max(Moment::from_epoch_ms(number(STAMP_MAX)? * 1000)),
            "end" => until = Moment::from_epoch_ms(number(STAMP_MAX)? * 1000),
            _ => {}
        }
    }
    Ok((from, until))
}
