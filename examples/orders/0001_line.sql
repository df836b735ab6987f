create table line (
  id   int generated always as identity primary key,
  who  text not null,
  sku  text not null
);
create index on line (who);
