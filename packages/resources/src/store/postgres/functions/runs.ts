/** Logs of durable programs: what `../../sqlite/tables/runs.ts` does, in the server. */
export const RUN_FUNCTIONS = `
create function hadron.put_events(r bigint, first int, events jsonb, bodies bytea) returns void language sql as $$
  insert into hadron.run_event (run, n, type, command, at, body)
    select r, first + place::int - 1, e->>'type', (e->'command')::int, (e->'at')::double precision, hadron.piece(e->'body', bodies)
    from jsonb_array_elements(events) with ordinality listed(e, place)
$$;

create function hadron.in_slot(p text, s text) returns bigint language sql as $$
  select count(*) from hadron.run where program = p and slot = s and placed = 1
$$;

create function hadron.in_crowd(p text, s text) returns bigint language sql as $$
  select count(*) from hadron.run where program = p and slot = s
    and slot is not null and state <> 'ended' and (placed = 1 or parked <> 0 or epoch = 0)
$$;

-- A message for a run that there is.
create function hadron.put_message(to_run hadron.run, k text, content bytea, urgent boolean, t bigint) returns void language plpgsql as $$
begin
  insert into hadron.run_message (number, run, key, body, at) values (nextval('hadron.sequence'), to_run.number, k, content, t);
  if urgent then
    update hadron.run set parked = 2 where number = to_run.number and placed = 0 and holder is null;
  end if;
  update hadron.run set wake = t where number = to_run.number and holder is null and state = 'open' and parked <> 1
    and (epoch > 0 or parked = 2);
end $$;

-- Tells a run that its parent is cancelled, once.
create function hadron.cancel_child(child hadron.run, content bytea, t bigint) returns void language plpgsql as $$
begin
  if not exists (select from hadron.run_message where run = child.number and key = 'cancelled with its parent') then
    perform hadron.put_message(child, 'cancelled with its parent', content, true, t);
  end if;
end $$;

create function hadron.do_start_run(op jsonb, bodies bytea, t bigint) returns text language plpgsql as $$
declare
  r bigint; events jsonb := jsonb_build_array(op->'event') || coalesce(op->'more', '[]'); above hadron.run; child hadron.run;
  who text := op->'owner'->>'holder'; is_cancelled boolean := false;
begin
  select * into child from hadron.run where program = op->>'program' and id = op->>'id';
  if found then
    -- It was this very start, which comes again: its owner has not heard of it.
    if child.holder = who and child.epoch = 1 and child.length = jsonb_array_length(events)
      and (select body from hadron.run_event where run = child.number and n = 0) = hadron.piece(op->'event'->'body', bodies) then
      return '{"ok":{"created":true,"run":' || child.number || '}}';
    end if;
    return '{"ok":{"created":false}}';
  end if;
  if op ? 'slot' and op ? 'mostInSlot'
    and hadron.in_crowd(op->>'program', op->>'slot') >= (op->'mostInSlot')::bigint then
    return hadron.refused('OVERLOADED', format(
      'There are %s runs of "%s" that share a limit: no more may wait.', op->>'mostInSlot', op->>'program'));
  end if;
  if op ? 'parent' then
    select * into above from hadron.run where program = op->'parent'->>'program' and id = op->'parent'->>'id';
    -- That command of its parent was cancelled already.
    is_cancelled := above.cancelled is not null and coalesce((select n from hadron.run_event where run = above.number and type = 'called'
      and command = (op->'parent'->'command')::int limit 1), -1) < above.cancelled;
    if is_cancelled and who is not null then
      who := null;
      events := jsonb_build_array(op->'event');
    end if;
  end if;
  r := nextval('hadron.sequence');
  insert into hadron.run (number, program, id, started, length, slot, priority, parent, holder, epoch)
    values (r, op->>'program', op->>'id', t, jsonb_array_length(events), op->>'slot', coalesce((op->'priority')::double precision, 0),
      above.number, who, case when who is null then 0 else 1 end)
    returning * into child;
  perform hadron.put_events(r, 0, events, bodies);
  if is_cancelled then
    perform hadron.cancel_child(child, hadron.piece(op->'parent'->'cancel', bodies), t);
  end if;
  if who is null then
    return '{"ok":{"created":true}}';
  end if;
  perform hadron.keep_runs(who, t + (op->'owner'->'leaseMs')::bigint);
  return '{"ok":{"created":true,"run":' || r || '}}';
end $$;

create function hadron.keep_runs(who text, until bigint) returns void language sql as $$
  insert into hadron.run_owner (holder, due) values (who, until) on conflict (holder) do update set due = excluded.due
$$;

create function hadron.inbox(r bigint) returns text language sql as $$
  select coalesce(string_agg(format('{"number":%s,"run":%s,"body":"%s"}', number, run, encode(body, 'hex')), ',' order by number), '')
  from hadron.run_message where run = r and taken is null
$$;

create function hadron.to_claimed(claimed hadron.run) returns text language sql as $$
  select format('{"run":%s,"id":%s,"epoch":%s,"first":%s,"length":%s,"messages":[%s]}', claimed.number, to_json(claimed.id),
    claimed.epoch, claimed.first, claimed.length, hadron.inbox(claimed.number))
$$;

-- Takes a run for its owner: not where all places of its slot are taken. Null then: it waits for its turn.
create function hadron.take_run(r hadron.run, who text, most bigint, begun_at bigint) returns text language plpgsql as $$
begin
  if most is not null and r.slot is not null and r.placed = 0 and r.parked <> 2 and hadron.in_slot(r.program, r.slot) >= most then
    update hadron.run set parked = 1, wake = null where number = r.number;
    return null;
  end if;
  -- Who is let through takes no place.
  update hadron.run set holder = who, begun = coalesce(begun_at, begun), epoch = epoch + 1, wake = null, parked = 0,
    placed = case when slot is null or parked = 2 then placed else 1 end where number = r.number returning * into r;
  return hadron.to_claimed(r);
end $$;

create function hadron.do_claim_runs(op jsonb, t bigint) returns text language plpgsql as $$
declare
  p text := op->>'program'; who text := op->>'holder'; orphan text; claimed hadron.run; one text; runs text := ''; messages text;
  next_at bigint; most int := (op->'most')::int; slot_limit bigint := (op->'limit')::bigint; rate jsonb := op->'rate';
  since bigint; begun_at bigint; free bigint; free_at bigint := t;
begin
  -- Runs whose owner is not heard of any more are free.
  for orphan in delete from hadron.run_owner where due <= t returning holder loop
    update hadron.run set holder = null, wake = t where holder = orphan;
  end loop;
  if op ? 'first' then
    update hadron.run set parked = 0, wake = case when epoch = 0 then null else t end where program = p and parked = 1;
    insert into hadron.run_program (program, keep) values (p, (op->'first'->>'keepMs')::bigint)
      on conflict (program) do update set keep = excluded.keep;
  end if;
  perform hadron.keep_runs(who, t + (op->'leaseMs')::bigint);
  select coalesce(string_agg(format('{"number":%s,"run":%s,"body":"%s"}', m.number, m.run, encode(m.body, 'hex')), ',' order by m.number), '')
    into messages
    from hadron.run join hadron.run_message m on m.run = run.number
    where run.holder = who and run.program = p and m.taken is null and m.number > (op->'after')::bigint;
  if op ? 'known' then
    for claimed in select * from hadron.run where holder = who and program = p
      and not (op->'known') @> to_jsonb(number) order by number loop
      runs := runs || case runs when '' then '' else ',' end || hadron.to_claimed(claimed);
    end loop;
  end if;
  for claimed in select * from hadron.run
    where program = p and wake <= t and holder is null and state = 'open' order by wake limit most loop
    one := hadron.take_run(claimed, who, slot_limit, null);
    continue when one is null;
    runs := runs || case runs when '' then '' else ',' end || one;
    most := most - 1;
  end loop;
  -- Those that have begun come first. How many may begin now, by the rate, and when the next may:
  if rate is not null then
    since := t - (rate->'perMs')::bigint;
    begun_at := t;
    free := greatest(0, (rate->'limit')::bigint - (select count(*) from hadron.run where program = p and begun > since));
  end if;
  if free is null or free > 0 then
    for claimed in select * from hadron.run where program = p and epoch = 0 and parked = 0 and holder is null and state = 'open'
      order by priority desc, number limit most loop
      one := hadron.take_run(claimed, who, slot_limit, begun_at);
      continue when one is null;
      runs := runs || case runs when '' then '' else ',' end || one;
      free := free - 1;
      exit when free = 0;
    end loop;
  end if;
  if free = 0 then
    select begun + (rate->'perMs')::bigint into free_at from hadron.run where program = p and begun > since
      order by begun desc limit 1 offset (rate->'limit')::bigint - 1;
  end if;
  -- When a free run comes due, or another may begin, or another owner may be dead.
  select least(
    (select min(wake) from hadron.run where program = p and holder is null and state = 'open'),
    (select free_at from hadron.run where program = p and epoch = 0 and parked = 0 and holder is null and state = 'open' limit 1),
    (select min(due) from hadron.run_owner o where o.holder <> who and exists (select from hadron.run where run.holder = o.holder))
  ) into next_at;
  return '{"ok":{"runs":[' || runs || '],"messages":[' || messages || ']'
    || case when next_at is null then '' else ',"nextInMs":' || greatest(0, next_at - t) end || '}}';
end $$;

create function hadron.do_send_run(op jsonb, bodies bytea, t bigint) returns text language plpgsql as $$
declare to_run hadron.run; is_there boolean := false; k text := op->>'key';
begin
  select * into to_run from hadron.run where program = op->>'program' and id = op->>'id';
  if not found then
    return hadron.refused('NOT_FOUND', format('There is no run "%s" of "%s".', op->>'id', op->>'program'));
  end if;
  if k is not null then
    is_there := exists (select from hadron.run_message where run = to_run.number and key = k);
  end if;
  if not is_there then
    if to_run.state = 'ended' then
      return hadron.refused('FAILED_PRECONDITION', format('Run "%s" of "%s" is over.', op->>'id', op->>'program'));
    end if;
    perform hadron.put_message(to_run, k, hadron.piece(op->'body', bodies), coalesce((op->'isUrgent')::boolean, false), t);
  end if;
  return '{"ok":{"duplicate":' || is_there::text
    || case when to_run.holder is null then '' else ',"holder":' || to_json(to_run.holder) end || '}}';
end $$;

create function hadron.do_append_run(op jsonb, bodies bytea, t bigint) returns text language plpgsql as $$
declare
  r bigint := (op->'run')::bigint; next jsonb := op->'next'; wake_in bigint; total int := (op->'length')::int; tell jsonb; told jsonb;
  row hadron.run; freed boolean := false; keeps_place boolean := coalesce((op->'next'->'keepsPlace')::boolean, false);
  child hadron.run; cancelled jsonb := '[]';
begin
  select * into row from hadron.run where number = r;
  if row.epoch is distinct from (op->'epoch')::int or row.length <> total or row.state <> 'open' then
    -- It was this very append, which comes again: its owner has not heard of it.
    if row.epoch = (op->'epoch')::int and row.length = total + jsonb_array_length(op->'events')
      and row.state = replace(next->>'state', 'owned', 'open') and row.state in ('open', 'ended')
      and (select body from hadron.run_event where run = r and n = row.length - 1) = hadron.piece(op->'events'->-1->'body', bodies) then
      return '{"ok":{}}';
    end if;
    return hadron.refused('ABORTED', format(
      'Run %s is not of epoch %s and %s events any more: another owns it.', r, op->>'epoch', total));
  end if;
  if op ? 'direct' then
    -- Messages that came to the owner itself: one that waits in the inbox comes before them, and none comes twice.
    if exists (select from hadron.run_message where run = r and taken is null and not (op->'taken') @> to_jsonb(number))
      or exists (select from hadron.run_message join jsonb_array_elements(op->'direct') d on key = d->>'key' where run = r) then
      return hadron.refused('ABORTED', format('A message of run %s came before, or twice: what is in its inbox comes first.', r));
    end if;
    insert into hadron.run_message (number, run, key, body, at, taken)
      select nextval('hadron.sequence'), r, d->>'key', '', t, t from jsonb_array_elements(op->'direct') d where d ? 'key';
  end if;
  perform hadron.put_events(r, total, op->'events', bodies);
  if jsonb_array_length(op->'taken') > 0 then
    update hadron.run_message set taken = t, body = ''
      where run = r and number in (select (value)::bigint from jsonb_array_elements(op->'taken'));
  end if;
  total := total + jsonb_array_length(op->'events');
  -- By far the most.
  if next->>'state' = 'owned' and not op ? 'cancelsChildren' then
    update hadron.run set length = total where number = r;
    return '{"ok":{}}';
  end if;
  case next->>'state'
    when 'owned' then update hadron.run set length = total where number = r;
    when 'ended' then
      update hadron.run set length = total, holder = null, wake = null, state = 'ended', ended = t, placed = 0 where number = r;
    when 'continued' then
      -- Its log is the last of these events.
      update hadron.run set length = total, first = total - (next->'keeps')::int, holder = null, wake = t, cancelled = null
        where number = r;
      delete from hadron.run_event where run = r and n < total - (next->'keeps')::int;
      delete from hadron.run_message where run = r and taken <= t - 2592000000;
    when 'paused' then
      update hadron.run set length = total, holder = null, wake = null, state = 'paused', because = next->>'because',
        placed = case when keeps_place then placed else 0 end where number = r;
    when 'resting' then
      -- What came meanwhile wakes it at once.
      wake_in := case when exists (select from hadron.run_message where run = r and taken is null) then 0
        else (next->'wakeInMs')::bigint end;
      update hadron.run set length = total, holder = null, wake = t + wake_in,
        placed = case when keeps_place then placed else 0 end where number = r;
  end case;
  if op ? 'cancelsChildren' then
    update hadron.run set cancelled = (op->'cancelsChildren'->'before')::int where number = r;
    for child in select * from hadron.run where parent = r and parent is not null and state <> 'ended' loop
      perform hadron.cancel_child(child, hadron.piece(op->'cancelsChildren'->'cancel', bodies), t);
      cancelled := cancelled || json_strip_nulls(json_build_object('program', child.program, 'holder', child.holder))::jsonb;
    end loop;
  end if;
  -- A place of its slot is free: it is the turn of one that had begun, or of the highest, of those of whoever has waited longest.
  if row.placed = 1 and exists (select from hadron.run where number = r and placed = 0) then
    update hadron.run set parked = 0, wake = case when epoch = 0 then null else t end where number = (select number from hadron.run
      where program = row.program and slot = row.slot and parked = 1 order by (epoch = 0), priority desc, number limit 1);
    freed := found;
  end if;
  tell := next->'tell';
  if tell is not null then
    told := hadron.do_send_run(tell, bodies, t)::jsonb;
    if told ? 'ok' then
      return json_build_object('ok', json_build_object('freed', freed, 'cancelled', cancelled, 'told', json_strip_nulls(
        json_build_object('program', tell->>'program', 'holder', told->'ok'->>'holder'))))::text;
    end if;
  end if;
  return json_build_object('ok', json_build_object('freed', freed, 'cancelled', cancelled))::text;
end $$;

create function hadron.do_resume_run(op jsonb, t bigint) returns text language plpgsql as $$
declare r bigint;
begin
  select number into r from hadron.run where program = op->>'program' and id = op->>'id';
  if not found then
    return hadron.refused('NOT_FOUND', format('There is no run "%s" of "%s".', op->>'id', op->>'program'));
  end if;
  update hadron.run set state = 'open', because = null, wake = t where number = r and state = 'paused';
  return '{"ok":{"resumed":' || found::text || '}}';
end $$;

create function hadron.forget_run(r bigint) returns void language plpgsql as $$
begin
  delete from hadron.run_event where run = r;
  delete from hadron.run_message where run = r;
  delete from hadron.run where number = r;
end $$;

-- Forgets runs of programs that have been over for as long as they are kept: so many events at most. Whether there are more.
create function hadron.sweep_runs(most int, t bigint) returns boolean language plpgsql as $$
declare free int := most; old hadron.run;
begin
  for old in select run.* from hadron.run_program p cross join lateral (select * from hadron.run
    where program = p.program and state = 'ended' and ended <= t - p.keep order by ended limit most) run loop
    if old.length - old.first > free then
      delete from hadron.run_event where run = old.number and n < old.first + free;
      update hadron.run set first = old.first + free where number = old.number;
      return true;
    end if;
    free := free - (old.length - old.first);
    perform hadron.forget_run(old.number);
  end loop;
  return free <= 0;
end $$;
`;
