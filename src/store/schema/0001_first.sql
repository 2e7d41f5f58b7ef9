-- What the receiver remembers. Moments are milliseconds since 1970, json is text.
create table projects (
    id {id},
    uuid text not null unique,
    slug text not null unique,
    name text not null,
    created_at bigint not null
);

create table keys (
    id {id},
    project_id bigint not null,
    kind text not null,
    name text not null,
    prefix text not null,
    hash text not null unique,
    created_at bigint not null,
    expires_at bigint,
    last_used_at bigint
);
create index keys_of_project on keys (project_id);

-- Clients of Healthchecks may give two monitors one slug, so slugs are not unique.
create table monitors (
    id {id},
    project_id bigint not null,
    uuid text not null unique,
    slug text not null,
    name text not null,
    description text not null,
    owner text not null,
    tags text not null,
    rules text not null,
    filters text not null,
    channels text not null,
    priority text not null,
    source text not null,
    created_at bigint not null,
    updated_at bigint not null,
    version bigint not null,
    state text not null,
    status text not null,
    wake_at bigint,
    due_at bigint,
    deadline_at bigint,
    last_success_at bigint,
    last_event_at bigint,
    started_at bigint,
    event_count bigint not null,
    incident_id text
);
create index monitors_by_slug on monitors (project_id, slug);
create index monitors_to_wake on monitors (wake_at) where wake_at is not null;

create table aliases (
    dialect text not null,
    key text not null,
    monitor_id bigint not null
);
create unique index aliases_by_key on aliases (key, dialect);
create index aliases_of_monitor on aliases (monitor_id);

create table events (
    id {id},
    monitor_id bigint not null,
    n bigint not null,
    kind text not null,
    dialect text not null,
    at bigint not null,
    received_at bigint not null,
    run_id text,
    seq bigint,
    exit_code bigint,
    duration_ms bigint,
    message text,
    metrics text,
    fields text,
    method text,
    scheme text,
    remote text,
    agent text,
    output_bytes bigint not null,
    flags bigint not null
);
create index events_of_monitor on events (monitor_id, id);
-- Makes repeats harmless: an event without a seq equals no other. Also finds the events of a run.
create unique index events_of_run on events (run_id, monitor_id, seq, kind) where run_id is not null;

create table outputs (
    event_id bigint primary key,
    monitor_id bigint not null,
    packed {bytes} not null,
    plain_bytes bigint not null,
    keep_until bigint not null
);
create index outputs_to_drop on outputs (keep_until);

create table changes (
    id {id},
    monitor_id bigint not null,
    from_status text not null,
    to_status text not null,
    at bigint not null,
    reason text not null
);
create index changes_of_monitor on changes (monitor_id, id);

create table incidents (
    id text primary key,
    project_id bigint not null,
    monitor_id bigint not null,
    severity text not null,
    reason text not null,
    opened_at bigint not null,
    closed_at bigint,
    acknowledged_at bigint,
    acknowledged_by text,
    snoozed_until bigint,
    told_at bigint,
    remind_at bigint,
    data text not null
);
create index incidents_of_project on incidents (project_id, opened_at, id);
create index incidents_of_monitor on incidents (monitor_id, opened_at);
create index incidents_to_remind on incidents (remind_at) where remind_at is not null;

create table channels (
    id {id},
    uuid text not null unique,
    project_id bigint not null,
    name text not null,
    kind text not null,
    settings text not null,
    created_at bigint not null,
    disabled text,
    last_ok_at bigint,
    last_error text,
    last_error_at bigint
);
create unique index channels_by_name on channels (project_id, name);

-- The id is the key by which a repeated delivery is known outside.
create table deliveries (
    id text primary key,
    incident_id text,
    monitor_id bigint,
    channel_id bigint not null,
    what text not null,
    message text not null,
    state text not null,
    attempts bigint not null,
    next_at bigint not null,
    leased_by text,
    last_error text,
    created_at bigint not null,
    sent_at bigint
);
create index deliveries_to_send on deliveries (next_at) where state in ('pending', 'sending');
create index deliveries_of_incident on deliveries (incident_id, created_at);

create table nodes (
    id text primary key,
    started_at bigint not null,
    seen_at bigint not null
);

create table blind_times (
    id {id},
    from_at bigint not null,
    until_at bigint not null,
    reason text not null
);
create index blind_times_by_end on blind_times (until_at);

create table maintenance (
    id {id},
    project_id bigint not null,
    scope text not null,
    from_at bigint,
    until_at bigint,
    schedule text,
    duration_ms bigint,
    reason text not null
);
create index maintenance_of_project on maintenance (project_id);

create table refusals (
    key_mark text not null,
    remote text not null,
    dialect text not null,
    count bigint not null,
    first_at bigint not null,
    last_at bigint not null,
    primary key (key_mark, remote, dialect)
);
create index refusals_by_age on refusals (last_at);

-- Monitors that were deleted and whose events retention has yet to sweep out.
create table removals (
    monitor_id bigint primary key,
    removed_at bigint not null
);
