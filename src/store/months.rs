//! Months: what is left of runs when their events are dropped, for as long as their monitor is there.

use std::collections::BTreeMap;

use super::queries::months as sql;
use super::tx::{Trouble, Tx, Value};
use crate::domain::time::Moment;

/// A longer run counts as one of this: sums of them stay far from where numbers end.
const DURATION_MS_MAX: i64 = 366 * DAY_MS;

/// Events of a monitor that are counted where they are still there.
const EVENTS_MAX: u32 = 100_000;

const DAY_MS: i64 = 86_400_000;

/// The finished runs of a month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Month {
    /// Those that ended well.
    pub(crate) succeeded: u64,
    /// Those that ended with reservations.
    pub(crate) partial: u64,
    /// Those that ended badly.
    pub(crate) failed: u64,
    /// Those of which it is known how long they took.
    pub(crate) timed: u64,
    /// How long these took together, in milliseconds.
    pub(crate) duration_ms: u64,
    /// The longest of them.
    pub(crate) longest_ms: u64,
}

impl Month {
    fn add(&mut self, other: &Month) {
        self.succeeded += other.succeeded;
        self.partial += other.partial;
        self.failed += other.failed;
        self.timed += other.timed;
        self.duration_ms += other.duration_ms;
        self.longest_ms = self.longest_ms.max(other.longest_ms);
    }

    /// So many runs that ended with the same event; nothing where that is no end.
    fn of(kind: &str, count: u64) -> Option<Month> {
        let none = Month::default();
        match kind {
            "success" => Some(Month { succeeded: count, ..none }),
            "warning" => Some(Month { partial: count, ..none }),
            "failure" => Some(Month { failed: count, ..none }),
            _ => None,
        }
    }
}

/// The month of a moment, by UTC: `2026-11`.
fn name(at: Moment) -> String {
    let mut text = at.to_rfc3339();
    text.truncate("2026-11".len());
    text
}

/// Events that are dropped, counted.
#[derive(Debug, Default)]
pub(super) struct Dropped(BTreeMap<(i64, String), Month>);

impl Dropped {
    /// Counts one, if a run ended with it.
    pub(super) fn count(&mut self, monitor_id: i64, kind: &str, at: Moment, took: Option<i64>) {
        let Some(mut one) = Month::of(kind, 1) else { return };
        if let Some(took) = took {
            let took = took.clamp(0, DURATION_MS_MAX) as u64;
            (one.timed, one.duration_ms, one.longest_ms) = (1, took, took);
        }
        self.0.entry((monitor_id, name(at))).or_default().add(&one);
    }

    /// Adds them to what is known. They come in the order of their keys, so that two nodes which do so at
    /// once do not wait for each other.
    pub(super) fn keep(self, tx: &mut dyn Tx) -> Result<(), Trouble> {
        let int = |count: u64| Value::Int(i64::try_from(count).unwrap_or(i64::MAX));
        let values = |((monitor_id, month), one): ((i64, String), Month)| {
            vec![
                Value::Int(monitor_id),
                Value::from(month.as_str()),
                int(one.succeeded),
                int(one.partial),
                int(one.failed),
                int(one.timed),
                int(one.duration_ms),
                int(one.longest_ms),
            ]
        };
        let rows: Vec<Vec<Value>> = self.0.into_iter().map(values).collect();
        if rows.is_empty() { Ok(()) } else { tx.run_many(&sql::ADD, &rows).map(drop) }
    }
}

/// The months of a monitor, also those of which all events are there.
pub(crate) fn of_monitor(
    tx: &mut dyn Tx,
    monitor_id: i64,
) -> Result<BTreeMap<String, Month>, Trouble> {
    let mut months: BTreeMap<String, Month> = BTreeMap::new();
    for mut row in tx.rows(sql::OF_MONITOR, &[Value::Int(monitor_id)])? {
        let month = row.text()?;
        let dropped = Month {
            succeeded: row.count()?,
            partial: row.count()?,
            failed: row.count()?,
            timed: row.count()?,
            duration_ms: row.count()?,
            longest_ms: row.count()?,
        };
        months.insert(month, dropped);
    }
    let params = [Value::Int(monitor_id), Value::from(EVENTS_MAX), Value::Int(DURATION_MS_MAX)];
    for mut row in tx.rows(sql::KEPT, &params)? {
        let (day, kind, count) = (row.int()?, row.text()?, row.count()?);
        let Some(kept) = Month::of(&kind, count) else { continue };
        let kept = Month {
            timed: row.count()?,
            duration_ms: row.count()?,
            longest_ms: row.count()?,
            ..kept
        };
        let at = Moment::from_epoch_ms(day.saturating_mul(DAY_MS));
        months.entry(name(at)).or_default().add(&kept);
    }
    Ok(months)
}
