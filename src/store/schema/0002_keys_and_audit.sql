-- What a key may do besides its kind, as json, and who has changed what.
alter table keys add column scope text;

create table audit (
    id {id},
    project_id bigint not null,
    at bigint not null,
    actor text not null,
    action text not null,
    object text not null,
    detail text
);
create index audit_of_project on audit (project_id, id);
