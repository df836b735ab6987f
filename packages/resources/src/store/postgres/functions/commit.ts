/** A commit of many batches in one trip. */
export const COMMIT_FUNCTIONS = `
create function hadron.do_contents(op jsonb) returns text language plpgsql as $$
declare n bigint;
begin
  if op->>'kind' = 'drop' and op->>'what' = 'runs' then
    perform hadron.forget_run(number) from hadron.run where program = op->>'name';
    get diagnostics n = row_count;
  elsif op->>'kind' = 'drop' then
    if op->>'what' = 'store' then
      delete from hadron.entry where store = op->>'name';
      get diagnostics n = row_count;
    else
      delete from hadron.message where queue = op->>'name';
      get diagnostics n = row_count;
      delete from hadron.sent_id where queue = op->>'name';
    end if;
  elsif op->>'what' = 'store' then
    -- Once it was moved, or was used under its new name, nothing is left to do, and nothing to lose.
    if exists (select from hadron.entry where store = op->>'to') then return '{"ok":{"count":0}}'; end if;
    update hadron.entry set store = op->>'to' where store = op->>'from';
    get diagnostics n = row_count;
  else
    if exists (select from hadron.message where queue = op->>'to') then return '{"ok":{"count":0}}'; end if;
    update hadron.message set queue = op->>'to' where queue = op->>'from';
    get diagnostics n = row_count;
    update hadron.sent_id set queue = op->>'to' where queue = op->>'from'
      and not exists (select from hadron.sent_id other where other.queue = op->>'to' and other.id = sent_id.id);
  end if;
  return '{"ok":{"count":' || n || '}}';
end $$;

create function hadron.do_sweep(op jsonb, t bigint) returns text language plpgsql as $$
declare most int := 1000; entries int; ids int; dead int; answers int;
begin
  delete from hadron.entry where (store, key) in (select store, key from hadron.entry where expires <= t limit most);
  get diagnostics entries = row_count;
  delete from hadron.sent_id where (queue, id) in (select queue, id from hadron.sent_id where at <= t - 86400000 limit most);
  get diagnostics ids = row_count;
  delete from hadron.message
    where id in (select id from hadron.message where state = 3 and due <= t - (op->'deadLetterMs')::bigint limit most);
  get diagnostics dead = row_count;
  delete from hadron.answered
    where (client, number) in (select client, number from hadron.answered where at <= t - 3600000 limit most);
  get diagnostics answers = row_count;
  return '{"ok":{"more":' || (hadron.sweep_runs(most, t) or entries >= most or ids + dead >= most or answers >= most)::text || '}}';
end $$;

create function hadron.operate(op jsonb, bodies bytea, t bigint) returns text language plpgsql as $$
begin
  case op->>'kind'
    when 'set' then return hadron.do_set(op, bodies, t);
    when 'send' then return hadron.do_send(op, bodies, t);
    when 'claim' then return hadron.do_claim(op, t);
    when 'finish', 'extend', 'fail', 'give-back' then return hadron.do_claimed(op, t);
    when 'delete' then return hadron.do_delete(op, t);
    when 'acquire', 'renew', 'release' then return hadron.do_lock(op, t);
    when 'append-run' then return hadron.do_append_run(op, bodies, t);
    when 'claim-runs' then return hadron.do_claim_runs(op, t);
    when 'keep-runs' then
      perform hadron.keep_runs(op->>'holder', t + (op->'leaseMs')::bigint);
      return '{"ok":{}}';
    when 'start-run' then return hadron.do_start_run(op, bodies, t);
    when 'send-run' then return hadron.do_send_run(op, bodies, t);
    when 'resume-run' then return hadron.do_resume_run(op, t);
    when 'dead-letters' then return hadron.do_dead_letters(op, t);
    when 'drop', 'move' then return hadron.do_contents(op);
    when 'sweep' then return hadron.do_sweep(op, t);
  end case;
end $$;

-- The outcomes of each batch, and the store's time. The row of time is locked until the commit: one is at work, and sees what all before did.
create function hadron.commit(batches jsonb, bodies bytea, own_now bigint, out t bigint, out outcomes text) language plpgsql as $$
declare batch jsonb; op jsonb; one text; earlier text; c text; n bigint;
begin
  update hadron.fact set time = greatest(time, own_now) returning time into t;
  outcomes := '';
  for batch in select value from jsonb_array_elements(batches) loop
    c := batch->>'client';
    n := (batch->'number')::bigint;
    if c is null then
      earlier := null;
    else
      select answered.outcomes into earlier from hadron.answered where client = c and number = n;
    end if;
    if earlier is null then
      one := '';
      for op in select value from jsonb_array_elements(batch->'operations') loop
        one := one || case one when '' then '' else ',' end || hadron.operate(op, bodies, t);
      end loop;
      earlier := '[' || one || ']';
      if c is not null then
        delete from hadron.answered where client = c and number < (batch->'settled')::bigint;
        insert into hadron.answered (client, number, outcomes, at) values (c, n, earlier, t);
      end if;
    end if;
    outcomes := outcomes || case outcomes when '' then '' else ',' end || earlier;
  end loop;
  outcomes := '[' || outcomes || ']';
end $$;
`;
