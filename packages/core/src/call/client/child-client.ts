import type { ChildCallOptions, ChildClient, ShardCallOptions, ShardClient } from "../../declare/pattern.ts";
import type { Api, Client } from "../../declare/types.ts";
import type { AppService } from "../../describe/compose/app.ts";
import { placeOf } from "../../describe/topology.ts";
import type { Member } from "../directory/directory.ts";
import type { Host } from "../host/host.ts";
import { toClient } from "./client.ts";

const NO_OPTIONS: ChildCallOptions = {};

/** A child of a pattern, as the root in this replica calls it: its own set only, where each shard has one. */
export function createChildClient<A extends Api>(host: Host, below: AppService): ChildClient<A> {
  const { name, groups } = below.topology;
  const group = groups === 1 ? 0 : host.ordinal;
  const listed = () => below.procedures;
  const call = (procedure: string | undefined, input: unknown, options: ChildCallOptions = NO_OPTIONS) =>
    host.within(options, (scope) =>
      host.channel(name).callAny(procedure ?? name, input, scope, options, groups, group),
    );
  const shards = new Map<number, ShardClient<A>>();
  let members: readonly Member[] = [];
  let list: readonly ShardClient<A>[] = [];
  const toShard = ({ ordinal, name: replica }: Member): ShardClient<A> => {
    let shard = shards.get(ordinal);
    if (shard === undefined) {
      const callShard = (procedure: string | undefined, input: unknown, options: ShardCallOptions = NO_OPTIONS) =>
        host.within(options, (scope) =>
          host.channel(name).callShard(ordinal, procedure ?? name, input, scope, options),
        );
      shard = {
        index: placeOf(ordinal, groups).index,
        name: replica,
        client: toClient(replica, listed, callShard) as Client<A>,
        call: callShard,
      };
      shards.set(ordinal, shard);
    }
    return shard;
  };
  return {
    service: name,
    single: below.single,
    procedures: below.procedures,
    client: toClient(name, listed, call) as Client<A>,
    call,
    scope: (timeoutMs) => host.scope(timeoutMs),
    shards() {
      const now = host.channel(name).members(groups, group);
      if (now !== members) {
        members = now;
        list = now.map(toShard);
      }
      return list;
    },
  };
}
