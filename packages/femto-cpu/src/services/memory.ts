import { randomBytes } from "node:crypto";
import type { Context, Part } from "@hadron/core";
import { HadronError, procedure } from "@hadron/core";
import { type ChildClient, pattern, type ShardClient } from "@hadron/core/spi";
import { ProgramStore } from "./program-store.ts";

/** Which program, which of its steps, and then address, byte, address, byte, … A list, because most steps send it. */
export type Stores = readonly [program: string, step: number, ...stores: number[]];

/** Where the addresses begin. */
const STORES_HEAD = 2;

/** The procedures of the {@link programMemory}. */
export type MemoryApi = {
  /** Takes a program in; returns its id. */
  readonly allocate: (input: { readonly bytes: readonly number[] }, context: Context) => string;
  /** Stores what a step stores: once, however often it is asked. */
  readonly store: (stores: Stores, context: Context) => null;
  /** All 256 bytes. */
  readonly read: (input: { readonly program: string }, context: Context) => number[];
  /** Gives the memory of a program back. Whether there was any. */
  readonly free: (input: { readonly program: string }, context: Context) => boolean;
  /** How many programs it holds. */
  readonly count: (input: undefined, context: Context) => number;
};

/** How much a {@link programMemory} holds, and how long. */
export interface MemoryOptions {
  /** Programs at once in one replica; one more is OVERLOADED. @default 10 000 */
  readonly maxPrograms?: number;
  /** How long a program is kept that nobody touches. @default 60 000 */
  readonly idleMs?: number;
}

/**
 * The memory of programs: 256 bytes each, kept in one shard, and lost with it. What is lost is never mistaken for zeros:
 * the id of a program says in which life of which shard it lives.
 */
export function programMemory({ maxPrograms = 10_000, idleMs = 60_000 }: MemoryOptions = {}): Part<MemoryApi> {
  return pattern({
    name: "memory",
    children: {},
    root: (): MemoryApi => {
      // Made at the first call: only then is it known which shard this is.
      let store: ProgramStore | undefined;
      const open = ({ replica: { name, index } }: Context): ProgramStore => {
        const prefix = `${index}-${randomBytes(6).toString("hex")}`;
        store ??= new ProgramStore({ name, prefix, maxPrograms, idleMs, now: () => performance.now() });
        return store;
      };
      const mine = (program: string, context: Context): ProgramStore => {
        if (shardOf(program) === context.replica.index) return store ?? open(context);
        const text = `Program ${program} lives in another shard than ${context.replica.name}.`;
        throw new HadronError("UNAVAILABLE", text, { retryable: true });
      };
      const again = { idempotent: true } as const;
      return {
        allocate: ({ bytes }, context) => open(context).allocate(bytes),
        store: procedure(again, (stores: Stores, context: Context) => {
          mine(stores[0], context).store(stores[0], stores[1], stores.slice(STORES_HEAD) as number[]);
          return null;
        }),
        read: procedure(again, ({ program }, context: Context) => mine(program, context).read(program)),
        free: procedure(again, ({ program }, context: Context) => mine(program, context).free(program)),
        count: procedure(again, (_, context: Context) => open(context).size),
      };
    },
  });
}

/** Finds the shard of a program's memory, again and again. */
export class MemoryClient {
  readonly #memory: ChildClient<MemoryApi>;
  readonly #shards = new Map<number, ShardClient<MemoryApi>>();

  constructor(memory: ChildClient<MemoryApi>) {
    this.#memory = memory;
  }

  allocate(bytes: readonly number[]): Promise<string> {
    return this.#memory.call("allocate", { bytes }) as Promise<string>;
  }

  store(program: string, step: number, stores: readonly number[]): Promise<unknown> {
    const input: [string, number, ...number[]] = [program, step];
    for (let i = 0; i < stores.length; i++) input.push(stores[i]!);
    return this.#of(program).call("store", input);
  }

  read(program: string): Promise<number[]> {
    return this.#of(program).call("read", { program }) as Promise<number[]>;
  }

  free(program: string): Promise<unknown> {
    return this.#of(program).call("free", { program });
  }

  #of(program: string): Pick<ShardClient<MemoryApi>, "call"> {
    const index = shardOf(program);
    let shard = this.#shards.get(index);
    if (shard === undefined) {
      shard = this.#memory.shards().find((known) => known.index === index);
      // Not known yet: any will do where there is one; where there are more, the wrong one says so.
      if (shard === undefined) return this.#memory;
      this.#shards.set(index, shard);
    }
    return shard;
  }
}

function shardOf(program: string): number {
  return Number.parseInt(program, 10);
}
