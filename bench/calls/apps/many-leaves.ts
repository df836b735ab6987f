// A hundred leaves in ten processes: each shard answers for ten of them, in calls of their own.
import { type Part, run, service } from "@hadron/core";
import { child, pattern } from "@hadron/core/spi";
import { type DriveOptions, drive } from "../../harness-drive.ts";
import { gather, numbers } from "../../local/handlers.ts";

const [PROCESSES, LEAVES_EACH] = [10, 10];

const manyLeaves = pattern({
  name: "many-leaves",
  children: { leaf: child(numbers, { count: PROCESSES, sharded: true, where: "many-leaves" }) },
  root: ({ leaf }) => {
    const [only] = leaf.procedures;
    return async () => {
      const calls = leaf
        .shards()
        .flatMap((shard) => Array.from({ length: LEAVES_EACH }, () => shard.call(only!.name, undefined)));
      return gather((await Promise.all(calls)) as number[][]);
    };
  },
}) as Part<unknown> as Part<() => Promise<number[]>>;

export const tree = service("tree", manyLeaves);

export const caller = service("caller", { tree: (options: DriveOptions) => drive(() => tree(), options) });

await run(caller, tree);
