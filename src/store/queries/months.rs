//! Statements about months.

use crate::store::tx::Many;

/// Adds to what is known of months.
pub(in crate::store) const ADD: Many = Many {
    sqlite: "\
    insert into months (monitor_id, month, succeeded, partial, failed, timed, duration_ms, longest_ms) \
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (monitor_id, month) do update set \
     succeeded = months.succeeded + excluded.succeeded, partial = months.partial + excluded.partial, \
     failed = months.failed + excluded.failed, timed = months.timed + excluded.timed, \
     duration_ms = months.duration_ms + excluded.duration_ms, \
     longest_ms = max(months.longest_ms, excluded.longest_ms)",
    postgres: "\
    insert into months (monitor_id, month, succeeded, partial, failed, timed, duration_ms, longest_ms) \
     select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], \
     $6::bigint[], $7::bigint[], $8::bigint[]) on conflict (monitor_id, month) do update set \
     succeeded = months.succeeded + excluded.succeeded, partial = months.partial + excluded.partial, \
     failed = months.failed + excluded.failed, timed = months.timed + excluded.timed, \
     duration_ms = months.duration_ms + excluded.duration_ms, \
     longest_ms = greatest(months.longest_ms, excluded.longest_ms)",
};

/// Those of a monitor.
pub(in crate::store) const OF_MONITOR: &str = "\
    select month, succeeded, partial, failed, timed, duration_ms, longest_ms from months \
    where monitor_id = $1 order by month";

/// The newest finished runs of a monitor whose events are there, together for each day and end.
pub(in crate::store) const KEPT: &str = "\
    select at / 86400000, kind, count(*), count(took), cast(coalesce(sum(took), 0) as bigint), \
     coalesce(max(took), 0) from (select at, kind, \
     case when duration_ms < $3 then duration_ms when duration_ms >= $3 then $3 end as took \
     from events where monitor_id = $1 order by id desc limit $2) newest \
    where kind in ('success', 'warning', 'failure') group by at / 86400000, kind";

/// Drops those of a deleted monitor.
pub(in crate::store) const OF_REMOVED: &str = "\
    delete from months where monitor_id = $1";
