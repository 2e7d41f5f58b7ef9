//! Deliveries: alerts on their way.

use crate::store::tx::Many;

/// Adds deliveries; one whose id is there already stays as it is.
pub(in crate::store) const INSERT: Many = Many {
    sqlite: "\
    insert into deliveries (id, incident_id, monitor_id, channel_id, what, message, next_at, \
     created_at, fold, state, attempts) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', 0) \
    on conflict do nothing",
    postgres: "\
    insert into deliveries (id, incident_id, monitor_id, channel_id, what, message, next_at, \
     created_at, fold, state, attempts) \
    select g.*, 'pending', 0 from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], \
     $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[]) as g on conflict do nothing",
};

/// Takes what is due. A lease that ran out is due again: `next_at` is its end. Another node's row
/// is skipped, not waited for. The end of an incident waits for its alarms.
pub(in crate::store) const CLAIM: Many = Many {
    sqlite: "\
    update deliveries set state = 'sending', attempts = attempts + 1, leased_by = $3, next_at = $4 \
    where id in (select d.id from deliveries d where d.state in ('pending', 'sending') \
     and d.next_at <= $1 and not (d.what = 'closed' and exists (select 1 from deliveries a \
     where a.incident_id = d.incident_id and a.channel_id = d.channel_id and a.what <> 'closed' \
     and a.state in ('pending', 'sending'))) \
     order by d.next_at, d.id limit $2) \
    returning id, incident_id, monitor_id, channel_id, what, message, state, attempts, next_at, \
     leased_by, last_error, created_at, sent_at, fold",
    postgres: "\
    update deliveries set state = 'sending', attempts = attempts + 1, \
     leased_by = ($3::text[])[1], next_at = ($4::bigint[])[1] \
    where id in (select d.id from deliveries d where d.state in ('pending', 'sending') \
     and d.next_at <= ($1::bigint[])[1] and not (d.what = 'closed' and exists (select 1 \
     from deliveries a where a.incident_id = d.incident_id and a.channel_id = d.channel_id \
     and a.what <> 'closed' and a.state in ('pending', 'sending'))) \
     order by d.next_at, d.id limit ($2::bigint[])[1] for update of d skip locked) \
    returning 1::bigint, id, incident_id, monitor_id, channel_id, what, message, state, attempts, \
     next_at, leased_by, last_error, created_at, sent_at, fold",
};

/// Ends the leases of those who were not seen since a moment. The first condition is the index's own.
pub(in crate::store) const ORPHANED: &str = "\
    update deliveries set next_at = $1 where state in ('pending', 'sending') and state = 'sending' \
     and next_at > $1 and not exists (select 1 from nodes n where n.id = deliveries.leased_by \
     and n.seen_at >= $2)";

/// Sends now what would wait past a moment.
pub(in crate::store) const DUE_AHEAD: &str = "\
    update deliveries set next_at = $2 where state in ('pending', 'sending') \
     and state = 'pending' and next_at > $1";

/// Whether a lease still holds.
pub(in crate::store) const IS_LEASED: &str = "\
    select count(*) from deliveries where id = $1 and leased_by = $2 and attempts = $3 \
     and state = 'sending' and next_at > $4";

/// Ends a lease.
pub(in crate::store) const SETTLE: &str = "\
    update deliveries set state = $4, next_at = $5, last_error = $6, sent_at = $7, leased_by = null \
    where id = $1 and leased_by = $2 and attempts = $3 and state = 'sending'";

/// Takes back what nobody has begun to send.
pub(in crate::store) const MERGE: &str = "\
    update deliveries set state = 'merged' where id = $1 and state = 'pending'";

/// Says something else with what nobody has begun to send.
pub(in crate::store) const REWORD: &str = "\
    update deliveries set message = $2 where id = $1 and state = 'pending'";

/// When the next one is due that can be claimed.
pub(in crate::store) const NEXT: &str = "\
    select min(d.next_at) from deliveries d where d.state in ('pending', 'sending') \
     and not (d.what = 'closed' and exists (select 1 from deliveries a \
     where a.incident_id = d.incident_id and a.channel_id = d.channel_id and a.what <> 'closed' \
     and a.state in ('pending', 'sending')))";

/// Sends now what SQLite has kept with a moment or attempts that are none; PostgreSQL refuses those.
pub(in crate::store) const MEND: Many = Many {
    sqlite: "\
    update deliveries set next_at = $1, attempts = 0 where state in ('pending', 'sending') \
     and (typeof(next_at) <> 'integer' or typeof(attempts) <> 'integer' or attempts < 0)",
    postgres: "\
    update deliveries set next_at = g.now from unnest($1::bigint[]) as g(now) where false",
};

/// Those of an incident, the oldest first.
pub(in crate::store) const OF_INCIDENT: &str = "\
    select id, incident_id, monitor_id, channel_id, what, message, state, attempts, next_at, \
     leased_by, last_error, created_at, sent_at, fold \
    from deliveries where incident_id = $1 order by created_at, id";

/// One by its id.
pub(in crate::store) const BY_ID: &str = "\
    select id, incident_id, monitor_id, channel_id, what, message, state, attempts, next_at, \
     leased_by, last_error, created_at, sent_at, fold from deliveries where id = $1";

/// Lets the end of a monitor's last incidents go out that waits to go out with others.
pub(in crate::store) const HASTEN: &str = "\
    update deliveries set next_at = $4, fold = null where incident_id in (select i.id from incidents i \
     where i.monitor_id = $1 and i.closed_at > $3) and channel_id = $2 and what = 'closed' \
     and state = 'pending' and fold is not null and next_at > $4";

/// When the first of those that go out together was made, of the recent ones.
pub(in crate::store) const FOLD_BEGAN: &str = "\
    select min(created_at) from deliveries where fold = $1 and created_at > $2";

/// When the oldest was made that is still on its way.
pub(in crate::store) const OLDEST_UNSENT: &str = "\
    select min(created_at) from deliveries where state in ('pending', 'sending')";

/// How many there are in each state.
pub(in crate::store) const COUNTS: &str = "\
    select state, count(*) from deliveries group by state order by state";

/// Removes what was to be told of a monitor.
pub(in crate::store) const DELETE_OF_MONITOR: &str = "\
    delete from deliveries where monitor_id = $1 and state in ('pending', 'sending')";
