alter table line add column amount int not null default 1;
