/**
 * The tables of a store in PostgreSQL: those of SQLite's (`../sqlite/schema.ts` says what their columns mean), with one sequence for
 * all numbers, and one row of time, whose lock lets one commit be at work.
 */
export const TABLES = `
create sequence hadron.sequence;
create table hadron.fact (time bigint not null);
insert into hadron.fact values (0);

create table hadron.entry (
  store text collate "C" not null, key text collate "C" not null, value bytea not null, version bigint not null, expires bigint,
  primary key (store, key)
);
create index entry_expires on hadron.entry (expires) where expires is not null;

create table hadron.message (
  id bigint primary key, queue text collate "C" not null, state int not null, due bigint not null, attempt int not null,
  key text collate "C", given_id text collate "C", body bytea not null, sent bigint not null, holder text, reason text
);
create index message_next on hadron.message (queue, state, due, id);
create index message_dead on hadron.message (due) where state = 3;
create index message_key on hadron.message (queue, key, id) where key is not null;

create table hadron.sent_id (
  queue text collate "C" not null, id text collate "C" not null, at bigint not null, primary key (queue, id)
);
create index sent_id_at on hadron.sent_id (at);

create table hadron.lock (name text collate "C" primary key, holder text not null, token bigint not null, due bigint not null);
create unique index lock_token on hadron.lock (token);

create table hadron.answered (
  client text collate "C" not null, number bigint not null, outcomes text not null, at bigint not null, primary key (client, number)
);
create index answered_at on hadron.answered (at);

create table hadron.run (
  number bigint primary key, program text collate "C" not null, id text collate "C" not null, state text not null default 'open',
  epoch int not null default 0, length int not null default 1, holder text, wake bigint, because text,
  started bigint not null, ended bigint, unique (program, id)
);
create index run_due on hadron.run (program, wake) where holder is null and state = 'open';
create index run_holder on hadron.run (holder) where holder is not null;
create index run_number on hadron.run (program, number);

create table hadron.run_event (
  run bigint not null, n int not null, type text not null, command int, at double precision not null, body bytea not null,
  primary key (run, n)
);

create table hadron.run_message (
  number bigint primary key, run bigint not null, key text collate "C", body bytea not null, at bigint not null, taken bigint
);
create unique index run_message_key on hadron.run_message (run, key) where key is not null;
create index run_message_new on hadron.run_message (run, number) where taken is null;

create table hadron.run_owner (holder text collate "C" primary key, due bigint not null);
create index run_owner_due on hadron.run_owner (due);
`;
