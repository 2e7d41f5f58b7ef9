-- Monitors that wait for their host: what it says to others is told to them, too.
create table followers (
    monitor_id bigint not null primary key,
    project_id bigint not null,
    host text not null
);
create index followers_by_host on followers (project_id, host);
