-- What was not quite right when a channel last worked, as when one of several recipients was refused.
alter table channels add column last_note text;
