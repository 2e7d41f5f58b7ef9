//! Keys that open a project, and the small table of names and values.

/// Makes one.
pub(in crate::store) const INSERT: &str = "\
    insert into keys (project_id, kind, name, prefix, hash, created_at, expires_at) \
    values ($1, $2, $3, $4, $5, $6, $7) returning id";

/// One by its hash.
pub(in crate::store) const BY_HASH: &str = "\
    select id, project_id, kind, name, prefix, hash, created_at, expires_at, last_used_at \
    from keys where hash = $1";

/// Those of a project.
pub(in crate::store) const OF_PROJECT: &str = "\
    select id, project_id, kind, name, prefix, hash, created_at, expires_at, last_used_at \
    from keys where project_id = $1 order by id";

/// Notes that one was used.
pub(in crate::store) const USED: &str = "update keys set last_used_at = $2 where id = $1";

/// Removes one of a project.
pub(in crate::store) const DELETE: &str = "delete from keys where id = $1 and project_id = $2";

/// A value by its name.
pub(in crate::store) const FIND_META: &str = "select value from meta where name = $1";

/// Gives a name its value.
pub(in crate::store) const SAVE_META: &str = "\
    insert into meta (name, value) values ($1, $2) \
    on conflict (name) do update set value = excluded.value";
