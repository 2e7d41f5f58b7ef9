//! Monitors, the keys of other services that lead to them, and the projects that they belong to.

use crate::store::tx::Many;

/// Makes a project.
pub(in crate::store) const INSERT_PROJECT: &str = "\
    insert into projects (uuid, slug, name, created_at) values ($1, $2, $3, $4) returning id";

/// All projects; there are few.
pub(in crate::store) const PROJECTS: &str = "\
    select id, uuid, slug, name, created_at from projects order by id";

/// Renames a project.
pub(in crate::store) const RENAME_PROJECT: &str = "\
    update projects set slug = $2, name = $3 where id = $1";

/// Locks a project: its row is written as it is.
pub(in crate::store) const LOCK_PROJECT: &str = "update projects set slug = slug where id = $1";

/// Removes a project without monitors.
pub(in crate::store) const DELETE_PROJECT: &str = "\
    delete from projects where id = $1 and not exists \
     (select 1 from monitors where project_id = $1)";

/// Removes what opened it.
pub(in crate::store) const DELETE_PROJECT_KEYS: &str = "delete from keys where project_id = $1";

/// Removes how its people were told.
pub(in crate::store) const DELETE_PROJECT_CHANNELS: &str = "\
    delete from channels where project_id = $1";

/// Makes a monitor, with version 1.
pub(in crate::store) const INSERT: &str = "\
    insert into monitors (project_id, uuid, slug, name, description, owner, tags, rules, filters, \
     channels, priority, source, created_at, updated_at, version, state, status, wake_at, due_at, \
     deadline_at, last_success_at, last_event_at, started_at, event_count, incident_id) \
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1, \
     $15, $16, $17, $18, $19, $20, $21, $22, $23, $24) returning id";

/// Changes what people say about a monitor.
pub(in crate::store) const UPDATE_ABOUT: &str = "\
    update monitors set slug = $3, name = $4, description = $5, owner = $6, tags = $7, rules = $8, \
     filters = $9, channels = $10, priority = $11, source = $12, updated_at = $13, \
     version = cast(version as bigint) + 1 \
    where id = $1 and cast(version as bigint) = $2";

/// Saves what hb found out, where nobody else did meanwhile. Who wakes up a little early, by an eighth of
/// the time until then at most, stays as it is: moving it in its index costs more than a look that finds
/// nothing to do, and a monitor that is heard of all the time would move with every ping.
pub(in crate::store) const SAVE: Many = Many {
    sqlite: "\
    update monitors set state = $3, status = $4, \
     wake_at = case when wake_at > $13 and wake_at <= $5 \
      and wake_at - $13 >= ($5 - $13) / 8 * 7 then wake_at else $5 end, \
     due_at = $6, deadline_at = $7, last_success_at = $8, last_event_at = $9, started_at = $10, \
     event_count = $11, incident_id = $12, version = cast(version as bigint) + 1 \
    where id = $1 and cast(version as bigint) = $2",
    postgres: "\
    update monitors m set state = g.state, status = g.status, \
     wake_at = case when m.wake_at > g.now and m.wake_at <= g.wake_at \
      and m.wake_at - g.now >= (g.wake_at - g.now) / 8 * 7 then m.wake_at else g.wake_at end, \
     due_at = g.due_at, deadline_at = g.deadline_at, last_success_at = g.last_success_at, \
     last_event_at = g.last_event_at, started_at = g.started_at, event_count = g.event_count, \
     incident_id = g.incident_id, version = m.version + 1 \
    from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], \
     $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], \
     $13::bigint[]) as g(id, version, state, status, wake_at, due_at, deadline_at, \
     last_success_at, last_event_at, started_at, event_count, incident_id, now) \
    where m.id = g.id and m.version = g.version",
};

/// Whole monitors by their numbers, as they are.
pub(in crate::store) const LOOK: Many = Many {
    sqlite: LOAD.sqlite,
    postgres: "\
    select g.n, m.id, m.project_id, m.uuid, m.slug, m.name, m.description, m.owner, m.tags, \
     m.rules, m.filters, m.channels, m.priority, m.source, m.created_at, m.updated_at, m.version, \
     m.state, m.status, m.wake_at, m.due_at, m.deadline_at, m.last_success_at, m.last_event_at, \
     m.started_at, m.event_count, m.incident_id \
    from unnest($1::bigint[]) with ordinality as g(id, n) join monitors m on m.id = g.id",
};

/// Whole monitors by their numbers, locked against other nodes until the commit. Everybody locks in
/// the order of the numbers, so nobody waits in a circle. A version in which SQLite has kept nonsense is
/// read as a number here and where it is asked for again, or the monitor could never be saved.
pub(in crate::store) const LOAD: Many = Many {
    sqlite: "\
    select id, project_id, uuid, slug, name, description, owner, tags, rules, filters, channels, \
     priority, source, created_at, updated_at, cast(version as bigint), state, status, wake_at, \
     due_at, deadline_at, last_success_at, last_event_at, started_at, event_count, incident_id \
    from monitors where id = $1",
    postgres: "\
    select g.n, m.id, m.project_id, m.uuid, m.slug, m.name, m.description, m.owner, m.tags, \
     m.rules, m.filters, m.channels, m.priority, m.source, m.created_at, m.updated_at, m.version, \
     m.state, m.status, m.wake_at, m.due_at, m.deadline_at, m.last_success_at, m.last_event_at, \
     m.started_at, m.event_count, m.incident_id \
    from unnest($1::bigint[]) with ordinality as g(id, n) join monitors m on m.id = g.id \
    order by m.id for update of m",
};

/// Numbers by uuid.
pub(in crate::store) const BY_UUID: Many = Many {
    sqlite: "select id from monitors where uuid = $1",
    postgres: "\
    select g.n, m.id from unnest($1::text[]) with ordinality as g(uuid, n) \
     join monitors m on m.uuid = g.uuid",
};

/// Numbers by slug in a project, the oldest first.
pub(in crate::store) const BY_SLUG: Many = Many {
    sqlite: "select id from monitors where project_id = $1 and slug = $2 order by id",
    postgres: "\
    select g.n, m.id from unnest($1::bigint[], $2::text[]) with ordinality \
     as g(project_id, slug, n) join monitors m on m.project_id = g.project_id and m.slug = g.slug \
     order by g.n, m.id",
};

/// Numbers by the key of another service, with its dialect.
pub(in crate::store) const BY_ALIAS: Many = Many {
    sqlite: "select monitor_id, dialect from aliases where key = $1 and dialect = $2",
    postgres: "\
    select g.n, a.monitor_id, a.dialect from unnest($1::text[], $2::text[]) with ordinality \
     as g(key, dialect, n) join aliases a on a.key = g.key and a.dialect = g.dialect",
};

/// Numbers by a key whose dialect is not known.
pub(in crate::store) const BY_KEY: Many = Many {
    sqlite: "select monitor_id, dialect from aliases where key = $1 order by dialect",
    postgres: "\
    select g.n, a.monitor_id, a.dialect from unnest($1::text[]) with ordinality as g(key, n) \
     join aliases a on a.key = g.key order by g.n, a.dialect",
};

/// Those with something to do, the most urgent first. Another node's are left to it.
pub(in crate::store) const DUE: Many = Many {
    sqlite: "\
    select id from monitors where wake_at is not null and wake_at <= $1 \
    order by wake_at, id limit $2",
    postgres: "\
    select 1::bigint, id from monitors where wake_at is not null and wake_at <= ($1::bigint[])[1] \
    order by wake_at, id limit ($2::bigint[])[1] for update skip locked",
};

/// When the next one has something to do.
pub(in crate::store) const NEXT_WAKE: &str = "\
    select min(wake_at) from monitors where wake_at is not null";

/// Wakes one.
pub(in crate::store) const WAKE: &str = "update monitors set wake_at = $2 where id = $1";

/// Numbers of all projects' monitors, in the order in which they were made.
pub(in crate::store) const AFTER: &str = "\
    select id from monitors where id > $1 order by id limit $2";

/// Wakes those of which people may have to be told.
pub(in crate::store) const WAKE_UNTOLD: &str = "\
    update monitors set wake_at = $1 where (wake_at is null or wake_at > $1) \
     and (incident_id is not null or status in ('missed', 'failed', 'verify-failed', 'vanished', \
     'overrun', 'stalled'))";

/// Wakes those who would sleep past a moment.
pub(in crate::store) const WAKE_AHEAD: &str = "\
    update monitors set wake_at = $2 where wake_at is not null and wake_at > $1";

/// How many of each project have their deadline in a stretch and are still to be judged.
pub(in crate::store) const DOUBTFUL_COUNTS: &str = "\
    select project_id, count(*) from monitors where wake_at is not null and wake_at <= $3 \
     and deadline_at >= $1 and deadline_at < $2 \
     and status not in ('paused', 'missed', 'failed', 'verify-failed') \
    group by project_id order by project_id";

/// When the last of these has something to do.
pub(in crate::store) const LAST_DOUBT: &str = "\
    select max(wake_at) from monitors where project_id = $1 and wake_at is not null \
     and wake_at <= $4 and deadline_at >= $2 and deadline_at < $3 \
     and status not in ('paused', 'missed', 'failed', 'verify-failed')";

/// How many were not heard of. Who was missed before the stretch already was not in doubt in it.
pub(in crate::store) const UNHEARD: &str = "\
    select count(*) from monitors where project_id = $1 and deadline_at >= $2 \
     and deadline_at < $3 and status not in ('paused', 'failed', 'verify-failed') \
     and (status <> 'missed' or exists (select 1 from changes where monitor_id = monitors.id \
     and to_status = 'missed' and at >= $2))";

/// A page of a project's, in the order in which they were made.
pub(in crate::store) const PAGE: &str = "\
    select id from monitors where project_id = $1 and id > $2 and ($3 = '' or slug = $3) \
     and ($4 = '' or replace(tags, $4, '') <> tags) \
    order by id limit $5";

/// What tells whether one is as it was.
pub(in crate::store) const PRINTS: &str = "\
    select id, cast(version as bigint), last_event_at from monitors where project_id = $1 \
     and ($2 = '' or slug = $2) order by id";

/// How many there are with each status.
pub(in crate::store) const COUNTS: &str = "\
    select project_id, status, count(*) from monitors group by project_id, status \
    order by project_id, status";

/// Removes one.
pub(in crate::store) const DELETE: &str = "delete from monitors where id = $1";

/// Removes the keys that lead to one.
pub(in crate::store) const DELETE_ALIASES: &str = "delete from aliases where monitor_id = $1";

/// Notes that what belongs to it is to be swept out.
pub(in crate::store) const INSERT_REMOVAL: &str = "\
    insert into removals (monitor_id, removed_at) values ($1, $2) on conflict do nothing";

/// Adds a key.
pub(in crate::store) const INSERT_ALIAS: &str = "\
    insert into aliases (dialect, key, monitor_id) values ($1, $2, $3)";

/// The keys that lead to one.
pub(in crate::store) const ALIASES: &str = "\
    select dialect, key from aliases where monitor_id = $1 order by dialect, key";
