/** Queues: what `../../sqlite/tables/queues.ts` does, in the server. */
export const QUEUE_FUNCTIONS = `
create function hadron.do_send(op jsonb, bodies bytea, t bigint) returns text language plpgsql as $$
declare
  q text; given text := op->>'id'; k text := op->>'key'; most bigint := (op->'maxLength')::bigint;
  due_at bigint := t + (op->'delayMs')::bigint; is_blocked boolean := false;
begin
  if given is not null and exists (
    select from jsonb_array_elements_text(op->'queues') wanted(name)
      join hadron.sent_id on sent_id.queue = wanted.name and sent_id.id = given and sent_id.at > t - 86400000
  ) then return '{"ok":{"duplicate":true}}'; end if;
  if most is not null then
    for q in select * from jsonb_array_elements_text(op->'queues') loop
      if (select count(*) from (select from hadron.message where queue = q and state in (0, 1, 2) limit most) counted) >= most then
        return hadron.refused('OVERLOADED', format(
          'Queue "%s" holds %s messages, its limit: send again when some are done, or raise maxLength.', q, most));
      end if;
    end loop;
  end if;
  for q in select * from jsonb_array_elements_text(op->'queues') loop
    if given is not null then
      insert into hadron.sent_id (queue, id, at) values (q, given, t) on conflict (queue, id) do update set at = excluded.at;
    end if;
    if k is not null then
      is_blocked := exists (select from hadron.message where queue = q and key = k and state < 3);
    end if;
    insert into hadron.message (id, queue, state, due, attempt, key, given_id, body, sent)
      values (nextval('hadron.sequence'), q, case when is_blocked then 1 else 0 end, due_at, 0, k, given,
        hadron.piece(op->'body', bodies), t);
  end loop;
  return '{"ok":{"duplicate":false}}';
end $$;

create function hadron.unblock(q text, k text) returns void language plpgsql as $$
begin
  if k is null then return; end if;
  update hadron.message set state = 0
    where id = (select min(id) from hadron.message where queue = q and key = k and state = 1);
end $$;

create function hadron.do_claim(op jsonb, t bigint) returns text language plpgsql as $$
declare
  q text := op->>'queue'; most int := (op->'most')::int; lease bigint := (op->'leaseMs')::bigint;
  attempts int := (op->'mostAttempts')::int; who text := op->>'holder';
  s int; row_of hadron.message; wanted int; seen int; got int := 0; messages text := '';
begin
  -- Those whose lease has ended come first: they have waited longest. Dead ones may take places; so it looks on.
  foreach s in array array[2, 0] loop
    while got < most loop
      wanted := most - got;
      seen := 0;
      for row_of in select * from hadron.message where queue = q and state = s and due <= t order by due, id limit wanted loop
        seen := seen + 1;
        if row_of.attempt >= attempts then
          update hadron.message set state = 3, due = t, holder = null,
            reason = format('It was claimed %s times and never finished: its replica died or hung.', row_of.attempt)
            where id = row_of.id;
          perform hadron.unblock(q, row_of.key);
          continue;
        end if;
        update hadron.message set state = 2, due = t + lease, attempt = row_of.attempt + 1, holder = who where id = row_of.id;
        messages := messages || case got when 0 then '' else ',' end || '{"message":' || row_of.id || ',"attempt":' || row_of.attempt + 1
          || ',"sentAt":' || row_of.sent || case when row_of.key is null then '' else ',"key":' || to_json(row_of.key) end
          || case when row_of.given_id is null then '' else ',"id":' || to_json(row_of.given_id) end
          || ',"body":"' || encode(row_of.body, 'hex') || '"}';
        got := got + 1;
      end loop;
      exit when seen < wanted;
    end loop;
  end loop;
  return '{"ok":{"messages":[' || messages || ']}}';
end $$;

-- Of a message that somebody has on loan: extend, finish, fail, give-back.
create function hadron.do_claimed(op jsonb, t bigint) returns text language plpgsql as $$
declare
  q text := op->>'queue'; m bigint := (op->'message')::bigint; a int := (op->'attempt')::int; k text;
begin
  case op->>'kind'
    when 'finish' then
      delete from hadron.message where id = m and queue = q and state = 2 and attempt = a and due > t returning key into k;
    when 'extend' then
      update hadron.message set due = t + (op->'leaseMs')::bigint
        where id = m and queue = q and state = 2 and attempt = a and due > t;
    when 'give-back' then
      update hadron.message set state = 0, due = t, attempt = a - 1, reason = null, holder = null
        where id = m and queue = q and state = 2 and attempt = a and due > t;
    when 'fail' then
      if op ? 'retryInMs' then
        update hadron.message set state = 0, due = t + (op->'retryInMs')::bigint, reason = op->>'reason', holder = null
          where id = m and queue = q and state = 2 and attempt = a and due > t;
      else
        update hadron.message set state = 3, due = t, reason = op->>'reason', holder = null
          where id = m and queue = q and state = 2 and attempt = a and due > t returning key into k;
      end if;
  end case;
  if not found then
    return hadron.refused('ABORTED', format(
      'Message %s of queue "%s" is not on loan to attempt %s any more: its lease has ended.', m, q, a));
  end if;
  perform hadron.unblock(q, k);
  return '{"ok":{}}';
end $$;

create function hadron.do_dead_letters(op jsonb, t bigint) returns text language plpgsql as $$
declare q text := op->>'queue'; m bigint := (op->'message')::bigint; dead hadron.message; n int := 0;
begin
  for dead in select * from hadron.message where queue = q and state = 3 and (m is null or id = m) order by id loop
    n := n + 1;
    if op->>'action' = 'drop' then
      delete from hadron.message where id = dead.id;
    else
      update hadron.message set due = t, attempt = 0, reason = null, holder = null,
        state = case when dead.key is not null
          and exists (select from hadron.message other where other.queue = q and other.key = dead.key and other.state < 3)
          then 1 else 0 end
        where id = dead.id;
    end if;
  end loop;
  if m is not null and n = 0 then
    return hadron.refused('NOT_FOUND', format('Queue "%s" has no dead letter %s.', q, m));
  end if;
  return '{"ok":{"count":' || n || '}}';
end $$;
`;
