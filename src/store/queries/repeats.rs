//! Answers to calls that may be repeated.

/// Keeps one; of two calls at once the first answer stands.
pub(in crate::store) const INSERT: &str = "\
    insert into repeats (project_id, key_hash, request_hash, status, body, at) \
    values ($1, $2, $3, $4, $5, $6) on conflict do nothing";

/// One by its key.
pub(in crate::store) const FIND: &str = "\
    select request_hash, status, body from repeats where project_id = $1 and key_hash = $2";

/// Drops those from before a moment.
pub(in crate::store) const DROP: &str = "\
    delete from repeats where (project_id, key_hash) in \
     (select project_id, key_hash from repeats where at < $1 order by at limit $2)";
