//! Answers to calls that may be repeated.

/// Reserves a key; one that was reserved long ago and never answered is reserved anew.
pub(in crate::store) const RESERVE: &str = "\
    insert into repeats (project_id, key_hash, request_hash, status, body, at) \
    values ($1, $2, $3, 0, '', $4) on conflict (project_id, key_hash) do update \
    set request_hash = excluded.request_hash, at = excluded.at \
    where repeats.status = 0 and repeats.at < $5";

/// Keeps the answer.
pub(in crate::store) const ANSWER: &str = "\
    update repeats set status = $3, body = $4 where project_id = $1 and key_hash = $2";

/// Gives a key back that led to nothing.
pub(in crate::store) const RELEASE: &str = "\
    delete from repeats where project_id = $1 and key_hash = $2 and status = 0";

/// One by its key.
pub(in crate::store) const FIND: &str = "\
    select request_hash, status, body from repeats where project_id = $1 and key_hash = $2";

/// Drops those from before a moment.
pub(in crate::store) const DROP: &str = "\
    delete from repeats where (project_id, key_hash) in \
     (select project_id, key_hash from repeats where at < $1 order by at limit $2)";
