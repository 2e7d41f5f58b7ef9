-- Deliveries with the same word that go out together: what happened to many monitors of one host within a
-- minute is one message.
alter table deliveries add column fold text;
create index deliveries_by_fold on deliveries (fold, created_at) where fold is not null;
