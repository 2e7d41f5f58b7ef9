//! Events, their outputs, and changes of status.

use crate::store::tx::Many;

/// Adds events; of one that is there already nothing comes back. PostgreSQL's numbers are drawn
/// beforehand, so that each answer finds its row again. Which of them are new is looked up, for a join would
/// compare each with each.
pub(in crate::store) const INSERT: Many = Many {
    sqlite: "\
    insert into events (monitor_id, n, kind, dialect, at, received_at, run_id, seq, exit_code, \
     duration_ms, message, metrics, fields, method, scheme, remote, agent, output_bytes, flags) \
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
    on conflict do nothing",
    postgres: "\
    with given as materialized (\
     select nextval('events_id_seq') as id, g.* from unnest($1::bigint[], $2::bigint[], \
      $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[], $9::bigint[], \
      $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], \
      $17::text[], $18::bigint[], $19::bigint[]) with ordinality \
      as g(monitor_id, n, kind, dialect, at, received_at, run_id, seq, exit_code, duration_ms, \
      message, metrics, fields, method, scheme, remote, agent, output_bytes, flags, place)), \
    made as (\
     insert into events (id, monitor_id, n, kind, dialect, at, received_at, run_id, seq, \
      exit_code, duration_ms, message, metrics, fields, method, scheme, remote, agent, \
      output_bytes, flags) \
     select id, monitor_id, n, kind, dialect, at, received_at, run_id, seq, exit_code, \
      duration_ms, message, metrics, fields, method, scheme, remote, agent, output_bytes, flags \
     from given order by place on conflict do nothing returning id) \
    select place, id from given where (id in (select id from made)) is true",
};

/// Gives one another place among its monitor's.
pub(in crate::store) const NUMBER: &str = "update events set n = $2 where id = $1";

/// A page of a monitor's, the newest first.
pub(in crate::store) const PAGE: &str = "\
    select id, monitor_id, n, kind, dialect, at, received_at, run_id, seq, exit_code, duration_ms, \
     message, metrics, fields, method, scheme, remote, agent, output_bytes, flags \
    from events where monitor_id = $1 and id < $2 order by id desc limit $3";

/// Those of a run, the oldest first.
pub(in crate::store) const OF_RUN: &str = "\
    select id, monitor_id, n, kind, dialect, at, received_at, run_id, seq, exit_code, duration_ms, \
     message, metrics, fields, method, scheme, remote, agent, output_bytes, flags \
    from events where run_id = $1 and run_id is not null order by id limit $2";

/// One of a monitor's by its place there.
pub(in crate::store) const BY_N: &str = "\
    select id, monitor_id, n, kind, dialect, at, received_at, run_id, seq, exit_code, duration_ms, \
     message, metrics, fields, method, scheme, remote, agent, output_bytes, flags \
    from events where monitor_id = $1 and n = $2 order by id desc limit 1";

/// The newest number.
pub(in crate::store) const NEWEST: &str = "select coalesce(max(id), 0) from events";

/// Those of everybody from behind a number, the oldest first.
pub(in crate::store) const AFTER: &str = "\
    select id, monitor_id, n, kind, dialect, at, received_at, run_id, seq, exit_code, duration_ms, \
     message, metrics, fields, method, scheme, remote, agent, output_bytes, flags \
    from events where id > $1 order by id limit $2";

/// Keeps what a run wrote.
pub(in crate::store) const INSERT_OUTPUT: Many = Many {
    sqlite: "\
    insert into outputs (event_id, monitor_id, packed, plain_bytes, keep_until) \
    values ($1, $2, $3, $4, $5) on conflict do nothing",
    postgres: "\
    insert into outputs (event_id, monitor_id, packed, plain_bytes, keep_until) \
    select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[], $5::bigint[]) \
    on conflict do nothing",
};

/// What a run wrote.
pub(in crate::store) const OUTPUT: &str = "\
    select event_id, monitor_id, packed, plain_bytes, keep_until from outputs where event_id = $1";

/// Notes that a status turned into another.
pub(in crate::store) const INSERT_CHANGE: Many = Many {
    sqlite: "\
    insert into changes (monitor_id, from_status, to_status, at, reason) \
    values ($1, $2, $3, $4, $5)",
    postgres: "\
    insert into changes (monitor_id, from_status, to_status, at, reason) \
    select monitor_id, from_status, to_status, at, reason \
    from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[]) with ordinality \
     as g(monitor_id, from_status, to_status, at, reason, n) order by n",
};

/// A page of a monitor's, the newest first.
pub(in crate::store) const CHANGES: &str = "\
    select id, monitor_id, from_status, to_status, at, reason \
    from changes where monitor_id = $1 and id < $2 order by id desc limit $3";

/// Those of a monitor between two moments, the oldest first.
pub(in crate::store) const CHANGES_BETWEEN: &str = "\
    select id, monitor_id, from_status, to_status, at, reason \
    from changes where monitor_id = $1 and at >= $2 and at < $3 order by at, id limit $4";

/// Those of a project's monitors behind a number, the oldest first.
pub(in crate::store) const CHANGES_AFTER: &str = "\
    select c.id, c.monitor_id, c.from_status, c.to_status, c.at, c.reason, m.slug, m.rules \
    from changes c join monitors m on m.id = c.monitor_id \
    where c.id > $1 and m.project_id = $2 order by c.id limit $3";

/// The newest number.
pub(in crate::store) const NEWEST_CHANGE: &str = "select coalesce(max(id), 0) from changes";
