//! How the runs of a monitor went: the last days, and all months that there ever were. What a report or a
//! graph begins with.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::extract::{Path, Reader};
use super::monitors::named;
use super::views;
use crate::domain::time::Moment;
use crate::serve::app::App;
use crate::serve::reply::{self, Mistake};
use crate::store::events::{self, StoredEvent};
use crate::store::months::{self, Month};
use crate::sys::clock;

/// Days that are counted: those of today and before, by UTC.
const DAYS: u64 = 30;

/// Events that are read; a monitor that has more in a month is counted from its newest ones.
const EVENTS_MAX: u32 = 20_000;

/// Events that are read at once.
const SLICE: u32 = 1_000;

const DAY_MS: i64 = 86_400_000;

/// The finished runs of one day.
#[derive(Default)]
struct Day {
    succeeded: u64,
    partial: u64,
    failed: u64,
    durations_ms: Vec<u64>,
}

/// Counts the runs of the last days, and those of each month.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(slug): Path,
) -> Result<Response, Mistake> {
    let now = clock::now();
    let found = app.store.read(move |tx| {
        let monitor = match named(tx, caller, &slug, false)? {
            Ok(monitor) => monitor,
            Err(mistake) => return Ok(Err(mistake)),
        };
        let since = now.epoch_ms().div_euclid(DAY_MS).saturating_sub(DAYS as i64 - 1) * DAY_MS;
        let (mut before, mut read, mut all) = (None, 0, Vec::new());
        while read < EVENTS_MAX {
            let page = events::page(tx, monitor.id, before, SLICE)?;
            read += SLICE;
            let is_over =
                page.rows.last().is_none_or(|one| one.event.received_at.epoch_ms() < since);
            all.extend(page.rows.into_iter().filter(|one| one.event.at.epoch_ms() >= since));
            before = page.next;
            if is_over || before.is_none() {
                break;
            }
        }
        let is_cut = read >= EVENTS_MAX && before.is_some();
        Ok(Ok((all, is_cut, months::of_monitor(tx, monitor.id)?)))
    });
    let (all, is_cut, months) = found.await??;
    let mut shown = counted(&all, is_cut);
    shown["months"] = months.iter().rev().map(|(name, month)| month_of(name, month)).collect();
    Ok(reply::json_ok(&shown))
}

fn month_of(name: &str, month: &Month) -> Value {
    let mean = month.duration_ms.checked_div(month.timed).map(views::seconds);
    json!({
        "month": name,
        "succeeded": month.succeeded,
        "partial": month.partial,
        "failed": month.failed,
        "duration_mean_s": mean,
        "duration_longest_s": mean.map(|_| views::seconds(month.longest_ms)),
    })
}

fn counted(all: &[StoredEvent], is_cut: bool) -> Value {
    let mut days: BTreeMap<i64, Day> = BTreeMap::new();
    for stored in all {
        let day = days.entry(stored.event.at.epoch_ms().div_euclid(DAY_MS)).or_default();
        match stored.event.kind.as_str() {
            "success" => day.succeeded += 1,
            "warning" => day.partial += 1,
            "failure" => day.failed += 1,
            _ => continue,
        }
        day.durations_ms.extend(stored.event.duration_ms);
    }
    days.retain(|_, day| day.succeeded + day.partial + day.failed > 0);
    let shown: Vec<Value> = days
        .iter_mut()
        .rev()
        .map(|(number, day)| {
            day.durations_ms.sort_unstable();
            let longest = day.durations_ms.last().copied();
            let median = day.durations_ms.get(day.durations_ms.len() / 2).copied();
            json!({
                "day": Moment::from_epoch_ms(number * DAY_MS).to_rfc3339().get(..10),
                "succeeded": day.succeeded,
                "partial": day.partial,
                "failed": day.failed,
                "duration_median_s": median.map(views::seconds),
                "duration_longest_s": longest.map(views::seconds),
            })
        })
        .collect();
    let sum = |part: fn(&Day) -> u64| days.values().map(part).sum::<u64>();
    json!({
        "days": shown,
        "succeeded": sum(|day| day.succeeded),
        "partial": sum(|day| day.partial),
        "failed": sum(|day| day.failed),
        "is_cut": is_cut,
    })
}
