/** Keys, values and locks: what `../../sqlite/tables/entries.ts` and `locks.ts` do, in the server. */
export const ENTRY_FUNCTIONS = `
create function hadron.refused(code text, message text) returns text language sql immutable as $$
  select json_build_object('refused', json_build_object('code', code, 'message', message))::text
$$;

-- The bytes of a value: where they lie among those of all batches.
create function hadron.piece(place jsonb, bodies bytea) returns bytea language sql immutable as $$
  select substring(bodies from (place->0)::int + 1 for (place->1)::int)
$$;

-- Why an entry may not be written; null: it may.
create function hadron.entry_conflict(s text, k text, wanted bigint, t bigint) returns text language plpgsql as $$
declare is_now bigint;
begin
  select version into is_now from hadron.entry where store = s and key = k and (expires is null or expires > t);
  if coalesce(is_now, 0) = wanted then return null; end if;
  return hadron.refused('ABORTED', format('"%s" of %s is %s, and should be %s: read it again, and decide anew.', k, s,
    case when is_now is null then 'absent' else 'of version ' || is_now end,
    case when wanted = 0 then 'absent' else 'of version ' || wanted end));
end $$;

create function hadron.fence_conflict(fence bigint, t bigint) returns text language plpgsql as $$
begin
  if exists (select from hadron.lock where token = fence and due > t) then return null; end if;
  return hadron.refused('ABORTED', format('The lock of token %s is not held any more: somebody else may be at work.', fence));
end $$;

create function hadron.do_set(op jsonb, bodies bytea, t bigint) returns text language plpgsql as $$
declare
  s text := op->>'store'; ends bigint := t + (op->'ttlMs')::bigint;
  item jsonb; conflict text; next_version bigint; versions text := '';
begin
  if op ? 'fence' then
    conflict := hadron.fence_conflict((op->'fence')::bigint, t);
    if conflict is not null then return conflict; end if;
  end if;
  -- All are looked at before the first is written: a refusal leaves nothing to undo.
  for item in select value from jsonb_array_elements(op->'entries') loop
    if item ? 'ifVersion' then
      conflict := hadron.entry_conflict(s, item->>'key', (item->'ifVersion')::bigint, t);
      if conflict is not null then return conflict; end if;
    end if;
  end loop;
  for item in select value from jsonb_array_elements(op->'entries') loop
    next_version := nextval('hadron.sequence');
    insert into hadron.entry (store, key, value, version, expires)
      values (s, item->>'key', hadron.piece(item->'value', bodies), next_version, ends)
      on conflict (store, key) do update set value = excluded.value, version = excluded.version, expires = excluded.expires;
    versions := versions || case versions when '' then '' else ',' end || next_version;
  end loop;
  return '{"ok":{"versions":[' || versions || ']}}';
end $$;

create function hadron.do_delete(op jsonb, t bigint) returns text language plpgsql as $$
declare s text := op->>'store'; k text := op->>'key'; conflict text; ended bigint; existed boolean := false;
begin
  if op ? 'fence' then
    conflict := hadron.fence_conflict((op->'fence')::bigint, t);
    if conflict is not null then return conflict; end if;
  end if;
  if op ? 'ifVersion' then
    conflict := hadron.entry_conflict(s, k, (op->'ifVersion')::bigint, t);
    if conflict is not null then return conflict; end if;
  end if;
  delete from hadron.entry where store = s and key = k returning coalesce(expires, t + 1) into ended;
  return case when ended > t then '{"ok":{"existed":true}}' else '{"ok":{"existed":false}}' end;
end $$;

create function hadron.do_lock(op jsonb, t bigint) returns text language plpgsql as $$
declare
  l text := op->>'lock'; who text := op->>'holder'; tok bigint := (op->'token')::bigint; found_lock hadron.lock; is_live boolean;
begin
  if op->>'kind' = 'acquire' then
    select * into found_lock from hadron.lock where name = l;
    is_live := found and found_lock.due > t;
    if is_live and found_lock.holder <> who then
      return json_build_object('ok', json_build_object('heldBy', found_lock.holder, 'forMs', found_lock.due - t))::text;
    end if;
    tok := case when is_live then found_lock.token else nextval('hadron.sequence') end;
    insert into hadron.lock (name, holder, token, due) values (l, who, tok, t + (op->'leaseMs')::bigint)
      on conflict (name) do update set holder = excluded.holder, token = excluded.token, due = excluded.due;
    return '{"ok":{"token":' || tok || '}}';
  elsif op->>'kind' = 'renew' then
    update hadron.lock set due = t + (op->'leaseMs')::bigint where name = l and token = tok and due > t;
  else
    delete from hadron.lock where name = l and token = tok;
  end if;
  if found then return '{"ok":{}}'; end if;
  return hadron.refused('ABORTED', format('The lock "%s" is not held under token %s any more: its lease has ended.', l, tok));
end $$;
`;
