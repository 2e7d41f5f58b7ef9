//! Incidents.

use crate::store::tx::Many;

/// Opens one.
pub(in crate::store) const INSERT: &str = "\
    insert into incidents (id, project_id, monitor_id, severity, reason, opened_at, closed_at, \
     acknowledged_at, acknowledged_by, snoozed_until, told_at, remind_at, data) \
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

/// Saves all of one.
pub(in crate::store) const UPDATE: &str = "\
    update incidents set project_id = $2, monitor_id = $3, severity = $4, reason = $5, \
     opened_at = $6, closed_at = $7, acknowledged_at = $8, acknowledged_by = $9, \
     snoozed_until = $10, told_at = $11, remind_at = $12, data = $13 where id = $1";

/// One by its id.
pub(in crate::store) const BY_ID: Many = Many {
    sqlite: "\
    select id, project_id, monitor_id, severity, reason, opened_at, closed_at, acknowledged_at, \
     acknowledged_by, snoozed_until, told_at, remind_at, data from incidents where id = $1",
    postgres: "\
    select g.n, i.id, i.project_id, i.monitor_id, i.severity, i.reason, i.opened_at, i.closed_at, \
     i.acknowledged_at, i.acknowledged_by, i.snoozed_until, i.told_at, i.remind_at, i.data \
    from unnest($1::text[]) with ordinality as g(id, n) join incidents i on i.id = g.id",
};

/// A page of a project's, the newest first. Two may have opened at one moment.
pub(in crate::store) const PAGE: &str = "\
    select id, project_id, monitor_id, severity, reason, opened_at, closed_at, acknowledged_at, \
     acknowledged_by, snoozed_until, told_at, remind_at, data \
    from incidents where project_id = $1 and (cast($2 as bigint) = 0 or closed_at is null) \
     and (opened_at < $3 or (opened_at = $3 and id < $4)) \
    order by opened_at desc, id desc limit $5";

/// Those of a monitor, the newest first.
pub(in crate::store) const OF_MONITOR: &str = "\
    select id, project_id, monitor_id, severity, reason, opened_at, closed_at, acknowledged_at, \
     acknowledged_by, snoozed_until, told_at, remind_at, data \
    from incidents where monitor_id = $1 order by opened_at desc, id desc limit $2";

/// Those of which people are to be reminded.
pub(in crate::store) const TO_REMIND: &str = "\
    select id, project_id, monitor_id, severity, reason, opened_at, closed_at, acknowledged_at, \
     acknowledged_by, snoozed_until, told_at, remind_at, data \
    from incidents where remind_at is not null and remind_at <= $1 order by remind_at, id limit $2";

/// When the next reminder is.
pub(in crate::store) const NEXT_REMINDER: &str = "\
    select min(remind_at) from incidents where remind_at is not null";

/// Reminds now of those whose reminder was reckoned from a moment that has not come.
pub(in crate::store) const REMIND_AHEAD: &str = "\
    update incidents set remind_at = $2 where remind_at is not null and remind_at > $1 \
     and (opened_at > $1 or told_at > $1 or acknowledged_at > $1)";

/// How many are open in each project, with each severity.
pub(in crate::store) const OPEN_COUNTS: &str = "\
    select project_id, severity, count(*) from incidents where closed_at is null \
    group by project_id, severity order by project_id, severity";

/// Removes a monitor's.
pub(in crate::store) const DELETE_OF_MONITOR: &str = "delete from incidents where monitor_id = $1";
