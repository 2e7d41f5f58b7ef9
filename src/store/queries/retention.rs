//! What is dropped because it is old, in slices: no slice holds the writer up for long.
//!
//! Numbers grow with time, so the oldest rows are those with the smallest numbers, and a slice is
//! found without an index over moments.

/// Drops the oldest events, as far as they were heard before a moment, and gives what is counted of them.
pub(in crate::store) const EVENTS: &str = "\
    delete from events where id in (select id from \
     (select id, received_at from events order by id limit $2) oldest where received_at < $1) \
    returning monitor_id, kind, at, duration_ms";

/// Drops outputs that nobody wanted to keep longer.
pub(in crate::store) const OUTPUTS: &str = "\
    delete from outputs where event_id in \
     (select event_id from outputs where keep_until < $1 order by keep_until limit $2)";

/// Drops the oldest changes, as far as they became true before a moment.
pub(in crate::store) const CHANGES: &str = "\
    delete from changes where id in (select id from \
     (select id, at from changes order by id limit $2) oldest where at < $1)";

/// Drops the oldest lines of the audit log, as far as they were written before a moment.
pub(in crate::store) const AUDIT: &str = "\
    delete from audit where id in (select id from \
     (select id, at from audit order by id limit $2) oldest where at < $1)";

/// Drops deliveries that came to an end before a moment.
pub(in crate::store) const DELIVERIES: &str = "\
    delete from deliveries where id in (select id from deliveries where created_at < $1 \
     and state not in ('pending', 'sending') limit $2)";

/// Drops incidents that were closed before a moment.
pub(in crate::store) const INCIDENTS: &str = "\
    delete from incidents where id in \
     (select id from incidents where closed_at is not null and closed_at < $1 limit $2)";

/// A monitor that was deleted and has rows left.
pub(in crate::store) const REMOVAL: &str = "\
    select monitor_id from removals order by removed_at, monitor_id limit 1";

/// Drops a slice of the outputs of a deleted monitor, by its events.
pub(in crate::store) const OUTPUTS_OF_REMOVED: &str = "\
    delete from outputs where event_id in \
     (select id from events where monitor_id = $1 order by id limit $2)";

/// Drops a slice of the events of a deleted monitor.
pub(in crate::store) const EVENTS_OF_REMOVED: &str = "\
    delete from events where id in \
     (select id from events where monitor_id = $1 order by id limit $2)";

/// Drops a slice of the changes of a deleted monitor.
pub(in crate::store) const CHANGES_OF_REMOVED: &str = "\
    delete from changes where id in \
     (select id from changes where monitor_id = $1 order by id limit $2)";

/// Nothing of a deleted monitor is left.
pub(in crate::store) const DELETE_REMOVAL: &str = "delete from removals where monitor_id = $1";
