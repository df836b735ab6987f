// Shard: each user has a counter, and all calls for a user reach the one replica that holds it.
import { type Context, run, service } from "@hadron/core";
import { shard } from "@hadron/patterns";

const counters = new Map<string, number>();

const counter = {
  increment: ({ user }: { user: string }, { replica }: Context) => {
    const count = (counters.get(user) ?? 0) + 1;
    counters.set(user, count);
    return { user, count, shard: replica.index };
  },
  read: ({ user }: { user: string }) => counters.get(user) ?? 0,
};

export const counts = service("counters", shard(4, counter, { by: (input) => input.user }), { expose: true });

await run(counts);
