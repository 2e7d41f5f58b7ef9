//! Who has changed what.

/// Adds a line.
pub(in crate::store) const INSERT: &str = "\
    insert into audit (project_id, at, actor, action, object, detail) \
    values ($1, $2, $3, $4, $5, $6)";

/// Those of a project that tell of one kind of change, since a moment, the newest first.
pub(in crate::store) const OF_ACTION: &str = "\
    select id, project_id, at, actor, action, object, detail \
    from audit where project_id = $1 and action = $2 and at >= $3 order by id desc limit $4";

/// A page of a project's, the newest first.
pub(in crate::store) const PAGE: &str = "\
    select id, project_id, at, actor, action, object, detail \
    from audit where project_id = $1 and id < $2 order by id desc limit $3";
