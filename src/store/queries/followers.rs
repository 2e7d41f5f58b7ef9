//! Monitors that follow a host.

use crate::store::tx::Many;

/// Has one follow a host.
pub(in crate::store) const FOLLOW: &str = "\
    insert into followers (monitor_id, project_id, host) values ($1, $2, $3) \
    on conflict (monitor_id) do update set project_id = excluded.project_id, host = excluded.host";

/// Has one follow none.
pub(in crate::store) const UNFOLLOW: &str = "delete from followers where monitor_id = $1";

/// One of them, if there is any.
pub(in crate::store) const ANY: &str = "select monitor_id from followers limit 1";

/// Those of a host.
pub(in crate::store) const OF_HOSTS: Many = Many {
    sqlite: "\
    select monitor_id from followers where project_id = $1 and host = $2 order by monitor_id",
    postgres: "\
    select g.n, f.monitor_id from unnest($1::bigint[], $2::text[]) with ordinality \
     as g(project_id, host, n) join followers f on f.project_id = g.project_id and f.host = g.host \
     order by g.n, f.monitor_id",
};
