//! Keys that open a project, and the small table of names and values.

use crate::store::tx::Many;

/// Makes one.
pub(in crate::store) const INSERT: &str = "\
    insert into keys (project_id, kind, name, prefix, hash, created_at, expires_at, scope) \
    values ($1, $2, $3, $4, $5, $6, $7, $8) returning id";

/// One by its hash.
pub(in crate::store) const BY_HASH: &str = "\
    select id, project_id, kind, name, prefix, hash, created_at, expires_at, scope, last_used_at \
    from keys where hash = $1";

/// One by its number.
pub(in crate::store) const BY_ID: &str = "\
    select id, project_id, kind, name, prefix, hash, created_at, expires_at, scope, last_used_at \
    from keys where id = $1";

/// Those of a project.
pub(in crate::store) const OF_PROJECT: &str = "\
    select id, project_id, kind, name, prefix, hash, created_at, expires_at, scope, last_used_at \
    from keys where project_id = $1 order by id";

/// Notes that some were used.
pub(in crate::store) const USED: Many = Many {
    sqlite: "update keys set last_used_at = $2 where id = $1",
    postgres: "\
    update keys set last_used_at = g.at from unnest($1::bigint[], $2::bigint[]) as g(id, at) \
    where keys.id = g.id",
};

/// Lets one end.
pub(in crate::store) const END: &str = "\
    update keys set expires_at = $3 where id = $1 and project_id = $2";

/// Removes one of a project.
pub(in crate::store) const DELETE: &str = "delete from keys where id = $1 and project_id = $2";

/// A value by its name.
pub(in crate::store) const FIND_META: &str = "select value from meta where name = $1";

/// Counts a name's number up; whoever counts waits until who counted before has committed.
pub(in crate::store) const COUNT_META: &str = "\
    insert into meta (name, value) values ($1, '1') on conflict (name) do update \
    set value = cast(cast(meta.value as bigint) + 1 as text)";

/// Gives a name its value.
pub(in crate::store) const SAVE_META: &str = "\
    insert into meta (name, value) values ($1, $2) \
    on conflict (name) do update set value = excluded.value";
