//! Nodes and the times when none of them could see, maintenance, and refused pings.

use crate::store::tx::Many;

/// Notes that a node lives.
pub(in crate::store) const MARK: &str = "\
    insert into nodes (id, started_at, seen_at) values ($1, $2, $3) \
    on conflict (id) do update set started_at = excluded.started_at, seen_at = excluded.seen_at";

/// Locks the mark of that moment, so that those who see the same blind time take turns.
pub(in crate::store) const TAKE_TURNS: &str =
    "update nodes set seen_at = seen_at where seen_at = $1";

/// All nodes, the one that was seen last first.
pub(in crate::store) const ALL: &str = "\
    select id, started_at, seen_at from nodes order by seen_at desc, id";

/// When any node was last seen.
pub(in crate::store) const NEWEST_MARK: &str = "select max(seen_at) from nodes";

/// Takes marks of the future for ones of now.
pub(in crate::store) const HEAL: &str = "update nodes set seen_at = $2 where seen_at > $1";

/// Removes a node.
pub(in crate::store) const DELETE: &str = "delete from nodes where id = $1";

/// Notes a time when nobody could see.
pub(in crate::store) const INSERT_BLIND: &str = "\
    insert into blind_times (from_at, until_at, reason) values ($1, $2, $3) returning id";

/// Those that ended after a moment, the oldest first.
pub(in crate::store) const BLIND_SINCE: &str = "\
    select id, from_at, until_at, reason from blind_times where until_at > $1 \
    order by from_at, id limit $2";

/// Removes those that ended before a moment.
pub(in crate::store) const DELETE_BLIND: &str = "delete from blind_times where until_at < $1";

/// Plans maintenance.
pub(in crate::store) const INSERT_MAINTENANCE: &str = "\
    insert into maintenance (project_id, scope, from_at, until_at, schedule, duration_ms, reason) \
    values ($1, $2, $3, $4, $5, $6, $7) returning id";

/// Everybody's maintenance; there is little.
pub(in crate::store) const MAINTENANCE: &str = "\
    select id, project_id, scope, from_at, until_at, schedule, duration_ms, reason \
    from maintenance order by id limit $1";

/// Removes one of a project.
pub(in crate::store) const DELETE_MAINTENANCE: &str = "\
    delete from maintenance where id = $1 and project_id = $2";

/// Counts a refused ping.
pub(in crate::store) const REFUSED: Many = Many {
    sqlite: "\
    insert into refusals (key_mark, remote, dialect, count, first_at, last_at) \
    values ($1, $2, $3, $4, $5, $5) on conflict (key_mark, remote, dialect) do update set \
     count = refusals.count + excluded.count, last_at = excluded.last_at",
    postgres: "\
    insert into refusals (key_mark, remote, dialect, count, first_at, last_at) \
    select g.key_mark, g.remote, g.dialect, sum(g.count)::bigint, min(g.at), max(g.at) \
    from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) \
     as g(key_mark, remote, dialect, count, at) group by 1, 2, 3 order by 1, 2, 3 \
    on conflict (key_mark, remote, dialect) do update set \
     count = refusals.count + excluded.count, last_at = excluded.last_at",
};

/// The last moment of those that are too many; the newest stay.
pub(in crate::store) const REFUSALS_END: &str = "\
    select last_at from refusals order by last_at desc limit 1 offset $1";

/// Removes those that were last seen by a moment.
pub(in crate::store) const DELETE_REFUSALS: &str = "delete from refusals where last_at <= $1";

/// The newest first.
pub(in crate::store) const REFUSALS: &str = "\
    select key_mark, remote, dialect, count, first_at, last_at from refusals \
    order by last_at desc, key_mark, remote, dialect limit $1";
