create table sale (
  id bigint generated always as identity primary key,
  who text not null,
  items text[] not null,
  at timestamptz not null default now()
);
