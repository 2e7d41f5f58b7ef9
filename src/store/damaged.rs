//! The rows of monitors and deliveries, whatever stands in them: one that makes no sense must not keep
//! others from being watched or told.
//!
//! SQLite keeps what it is given: it refuses neither `update monitors set due_at = 'soon'` nor what a bad
//! disk has made of a page. A column like that is read as if it were empty. Where hb has found out what
//! should stand there, the monitor says that it is damaged; what people are told of it is decided elsewhere.
//! What people say of a monitor is judged by whoever reads it: rules that are empty are none. So is the
//! message of a delivery: one that is empty cannot be sent. PostgreSQL has no such rows.

use super::deliveries::{Delivery, DeliveryState, NewDelivery};
use super::json_texts;
use super::monitors::{About, Live, Monitor};
use super::tx::{Row, Trouble};
use crate::domain::time::Moment;

/// Columns from left to right, and the first of them that made no sense.
struct Columns {
    row: Row,
    damage: Option<String>,
}

impl Columns {
    fn read<T: Default>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Row) -> Result<T, Trouble>,
    ) -> T {
        read(&mut self.row).unwrap_or_else(|_| {
            self.damage.get_or_insert_with(|| format!("`{name}` makes no sense in the store"));
            T::default()
        })
    }

    fn maybe_moment(&mut self, name: &str) -> Option<Moment> {
        self.read(name, Row::maybe_moment)
    }
}

/// The monitor of this row. Only its number must be one, and a primary key always is.
pub(super) fn monitor(mut row: Row) -> Result<Monitor, Trouble> {
    let id = row.int()?;
    let text = |row: &mut Row| row.text().unwrap_or_default();
    let moment = |row: &mut Row| Moment::from_epoch_ms(row.int().unwrap_or_default());
    let project_id = row.int().unwrap_or_default();
    let uuid = text(&mut row);
    let about = About {
        slug: text(&mut row),
        name: text(&mut row),
        description: text(&mut row),
        owner: text(&mut row),
        tags: json_texts(&text(&mut row)),
        rules: text(&mut row),
        filters: text(&mut row),
        channels: text(&mut row),
        priority: text(&mut row),
        source: text(&mut row),
    };
    let (created_at, updated_at) = (moment(&mut row), moment(&mut row));
    let version = row.int().unwrap_or_default();
    let mut row = Columns { row, damage: None };
    let live = Live {
        state: row.read("state", Row::text),
        status: row.read("status", Row::text),
        wake_at: row.maybe_moment("wake_at"),
        due_at: row.maybe_moment("due_at"),
        deadline_at: row.maybe_moment("deadline_at"),
        last_success_at: row.maybe_moment("last_success_at"),
        last_event_at: row.maybe_moment("last_event_at"),
        started_at: row.maybe_moment("started_at"),
        event_count: row.read("event_count", Row::count),
        incident_id: row.read("incident_id", Row::maybe_text),
    };
    let damage = row.damage;
    Ok(Monitor { id, project_id, uuid, about, created_at, updated_at, version, live, damage })
}

/// The delivery of this row. One that makes no sense says so as its last error.
pub(super) fn delivery(row: Row) -> Delivery {
    let mut row = Columns { row, damage: None };
    let mut about = NewDelivery {
        id: row.read("id", Row::text),
        incident_id: row.read("incident_id", Row::maybe_text),
        monitor_id: row.read("monitor_id", Row::maybe_int),
        channel_id: row.read("channel_id", Row::int),
        what: row.read("what", Row::text),
        message: row.read("message", Row::text),
        next_at: Moment::from_epoch_ms(0),
        fold: None,
    };
    let word = row.read("state", Row::text);
    let state = DeliveryState::ALL.into_iter().find(|state| state.word() == word);
    let attempts = u32::try_from(row.read("attempts", Row::int)).unwrap_or(u32::MAX);
    about.next_at = row.maybe_moment("next_at").unwrap_or(about.next_at);
    let leased_by = row.read("leased_by", Row::maybe_text);
    let last_error = row.read("last_error", Row::maybe_text);
    // Of one that was made nobody knows when, the two days in which it is tried begin now.
    let created_at = row.maybe_moment("created_at").unwrap_or(about.next_at);
    let sent_at = row.maybe_moment("sent_at");
    about.fold = row.read("fold", Row::maybe_text);
    let state = state.unwrap_or(DeliveryState::Failed);
    let last_error = row.damage.or(last_error);
    Delivery { about, state, attempts, leased_by, last_error, created_at, sent_at }
}
