/** Logs of durable programs: what `../../sqlite/tables/runs.ts` does, in the server. */
export const RUN_FUNCTIONS = `
create function hadron.put_events(r bigint, first int, events jsonb, bodies bytea) returns void language sql as $$
  insert into hadron.run_event (run, n, type, command, at, body)
    select r, first + place::int - 1, e->>'type', (e->'command')::int, (e->'at')::double precision, hadron.piece(e->'body', bodies)
    from jsonb_array_elements(events) with ordinality listed(e, place)
$$;

create function hadron.in_slot(p text, s text, least_epoch int) returns bigint language sql as $$
  select count(*) from hadron.run
    where program = p and slot = s and epoch >= least_epoch and slot is not null and state <> 'ended'
$$;

create function hadron.do_start_run(op jsonb, bodies bytea, t bigint) returns text language plpgsql as $$
declare r bigint; events jsonb := jsonb_build_array(op->'event') || coalesce(op->'more', '[]');
begin
  if exists (select from hadron.run where program = op->>'program' and id = op->>'id') then
    return '{"ok":{"created":false}}';
  end if;
  if op ? 'slot' and op ? 'mostInSlot'
    and hadron.in_slot(op->>'program', op->>'slot', 0) >= (op->'mostInSlot')::bigint then
    return hadron.refused('OVERLOADED', format(
      'There are %s runs of "%s" that share a limit: no more may wait.', op->>'mostInSlot', op->>'program'));
  end if;
  r := nextval('hadron.sequence');
  insert into hadron.run (number, program, id, started, wake, length, slot)
    values (r, op->>'program', op->>'id', t, t, jsonb_array_length(events), op->>'slot');
  perform hadron.put_events(r, 0, events, bodies);
  return '{"ok":{"created":true}}';
end $$;

create function hadron.keep_runs(who text, until bigint) returns void language sql as $$
  insert into hadron.run_owner (holder, due) values (who, until) on conflict (holder) do update set due = excluded.due
$$;

create function hadron.inbox(r bigint) returns text language sql as $$
  select coalesce(string_agg(format('{"number":%s,"run":%s,"body":"%s"}', number, run, encode(body, 'hex')), ',' order by number), '')
  from hadron.run_message where run = r and taken is null
$$;

create function hadron.do_claim_runs(op jsonb, t bigint) returns text language plpgsql as $$
declare
  p text := op->>'program'; who text := op->>'holder'; orphan text; claimed hadron.run; runs text := ''; messages text; next_at bigint;
begin
  -- Runs whose owner is not heard of any more are free.
  for orphan in delete from hadron.run_owner where due <= t returning holder loop
    update hadron.run set holder = null, wake = t where holder = orphan;
  end loop;
  if (op->'isFirst')::boolean then
    update hadron.run set parked = 0, wake = t where program = p and parked = 1;
  end if;
  perform hadron.keep_runs(who, t + (op->'leaseMs')::bigint);
  select coalesce(string_agg(format('{"number":%s,"run":%s,"body":"%s"}', m.number, m.run, encode(m.body, 'hex')), ',' order by m.number), '')
    into messages
    from hadron.run join hadron.run_message m on m.run = run.number
    where run.holder = who and run.program = p and m.taken is null and m.number > (op->'after')::bigint;
  if op ? 'known' then
    for claimed in select * from hadron.run where holder = who and program = p
      and not (op->'known') @> to_jsonb(number) order by number loop
      runs := runs || case runs when '' then '' else ',' end || format('{"run":%s,"id":%s,"epoch":%s,"length":%s,"messages":[%s]}',
        claimed.number, to_json(claimed.id), claimed.epoch, claimed.length, hadron.inbox(claimed.number));
    end loop;
  end if;
  for claimed in select * from hadron.run
    where program = p and wake <= t and holder is null and state = 'open' order by wake limit (op->'most')::int loop
    -- As many of its slot as may be have begun before it.
    if op ? 'limit' and claimed.slot is not null and claimed.epoch = 0 and claimed.parked <> 2
      and hadron.in_slot(p, claimed.slot, 1) >= (op->'limit')::bigint then
      update hadron.run set parked = 1, wake = null where number = claimed.number;
      continue;
    end if;
    update hadron.run set holder = who, epoch = epoch + 1, wake = null, parked = 0 where number = claimed.number;
    runs := runs || case runs when '' then '' else ',' end || format('{"run":%s,"id":%s,"epoch":%s,"length":%s,"messages":[%s]}',
      claimed.number, to_json(claimed.id), claimed.epoch + 1, claimed.length, hadron.inbox(claimed.number));
  end loop;
  -- When a free run comes due, or another owner may be dead.
  select least(
    (select min(wake) from hadron.run where program = p and holder is null and state = 'open'),
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
    insert into hadron.run_message (number, run, key, body, at)
      values (nextval('hadron.sequence'), to_run.number, k, hadron.piece(op->'body', bodies), t);
    if (op->'isUrgent')::boolean then
      update hadron.run set parked = 2 where number = to_run.number and epoch = 0;
    end if;
    update hadron.run set wake = t where number = to_run.number and holder is null and state = 'open' and parked <> 1;
  end if;
  return '{"ok":{"duplicate":' || is_there::text
    || case when to_run.holder is null then '' else ',"holder":' || to_json(to_run.holder) end || '}}';
end $$;

create function hadron.do_append_run(op jsonb, bodies bytea, t bigint) returns text language plpgsql as $$
declare
  r bigint := (op->'run')::bigint; next jsonb := op->'next'; wake_in bigint; total int := (op->'length')::int; tell jsonb; told jsonb;
  row hadron.run; freed boolean := false;
begin
  select * into row from hadron.run
    where number = r and epoch = (op->'epoch')::int and length = total and state = 'open';
  if not found then
    return hadron.refused('ABORTED', format(
      'Run %s is not of epoch %s and %s events any more: another owns it.', r, op->>'epoch', total));
  end if;
  perform hadron.put_events(r, total, op->'events', bodies);
  update hadron.run_message set taken = t, body = ''
    where run = r and number in (select (value)::bigint from jsonb_array_elements(op->'taken'));
  total := total + jsonb_array_length(op->'events');
  case next->>'state'
    when 'owned' then update hadron.run set length = total where number = r;
    when 'ended' then
      update hadron.run set length = total, holder = null, wake = null, state = 'ended', ended = t where number = r;
      -- It is the turn of whoever has waited longest.
      if row.slot is not null then
        update hadron.run set parked = 0, wake = t where number = (select number from hadron.run
          where program = row.program and slot = row.slot and parked = 1 order by number limit 1);
        freed := found;
      end if;
    when 'paused' then
      update hadron.run set length = total, holder = null, wake = null, state = 'paused', because = next->>'because' where number = r;
    when 'resting' then
      -- What came meanwhile wakes it at once.
      wake_in := case when exists (select from hadron.run_message where run = r and taken is null) then 0
        else (next->'wakeInMs')::bigint end;
      update hadron.run set length = total, holder = null, wake = t + wake_in where number = r;
  end case;
  tell := next->'tell';
  if tell is not null then
    told := hadron.do_send_run(tell, bodies, t)::jsonb;
    if told ? 'ok' then
      return json_build_object('ok', json_build_object('freed', freed, 'told', json_strip_nulls(
        json_build_object('program', tell->>'program', 'holder', told->'ok'->>'holder'))))::text;
    end if;
  end if;
  return '{"ok":{"freed":' || freed::text || '}}';
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
`;
