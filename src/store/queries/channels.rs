//! Channels.

/// Makes one.
pub(in crate::store) const INSERT: &str = "\
    insert into channels (uuid, project_id, name, kind, settings, created_at, disabled) \
    values ($1, $2, $3, $4, $5, $6, $7) returning id";

/// Changes one of a project.
pub(in crate::store) const UPDATE: &str = "\
    update channels set name = $3, kind = $4, settings = $5, disabled = $6 \
    where id = $1 and project_id = $2";

/// Those of a project, by name.
pub(in crate::store) const OF_PROJECT: &str = "\
    select id, uuid, project_id, name, kind, settings, created_at, disabled, last_ok_at, \
     last_error, last_error_at, last_note from channels where project_id = $1 order by name, id";

/// One by its number.
pub(in crate::store) const BY_ID: &str = "\
    select id, uuid, project_id, name, kind, settings, created_at, disabled, last_ok_at, \
     last_error, last_error_at, last_note from channels where id = $1";

/// Notes that one works.
pub(in crate::store) const WORKED: &str = "\
    update channels set last_ok_at = $2, last_note = $3 where id = $1";

/// Notes that one does not.
pub(in crate::store) const FAILED: &str = "\
    update channels set last_error = $2, last_error_at = $3 where id = $1";

/// The monitors of a project that have chosen one.
pub(in crate::store) const CHOOSING: &str = "\
    select uuid, slug, channels from monitors where project_id = $1 and channels like $2 order by id";

/// Removes one of a project.
pub(in crate::store) const DELETE: &str = "delete from channels where id = $1 and project_id = $2";
