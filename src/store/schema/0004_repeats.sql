-- What was answered to a call that may be repeated, for as long as its client may repeat it.
create table repeats (
    project_id bigint not null,
    key_hash text not null,
    request_hash text not null,
    status bigint not null,
    body text not null,
    at bigint not null,
    primary key (project_id, key_hash)
);
create index repeats_by_age on repeats (at);
