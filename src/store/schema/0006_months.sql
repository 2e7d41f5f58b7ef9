-- What is left of runs when their events are dropped: how many ended in each month and how, and how long
-- they took.
create table months (
    monitor_id bigint not null,
    month text not null,
    succeeded bigint not null,
    partial bigint not null,
    failed bigint not null,
    timed bigint not null,
    duration_ms bigint not null,
    longest_ms bigint not null,
    primary key (monitor_id, month)
);
