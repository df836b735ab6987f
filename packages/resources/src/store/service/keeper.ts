import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import {
  type DeclaredResource,
  HadronError,
  type Holdings,
  type KeeperProcedures,
  type KeptThing,
} from "@hadron/core/spi";
import { fromStored, toStored } from "../../client/values.ts";
import type { StoreDriver } from "../contract/driver.ts";
import type { Answers, Operation, Query } from "../contract/operations.ts";
import { DECLARED, resourceOfQueue, resourceOfStore, storeOf } from "./names.ts";

/** What of a store's server its keeper needs. */
export interface KeptStore {
  own(operation: Operation): Promise<unknown>;
  read(queries: readonly Query[]): Promise<readonly Answers[Query["kind"]][]>;
  readonly driver: StoreDriver;
}

/** What the command line asks a store: what it keeps, to drop it, to copy all of it. */
export class StoreKeeper implements KeeperProcedures {
  readonly #store: KeptStore;
  /** Where copies lie while they are on their way. */
  readonly #folder: string;
  readonly #variant: string | undefined;

  /** @param variant Where it keeps all, if that was chosen. */
  constructor(store: KeptStore, folder: string, variant?: string) {
    this.#store = store;
    this.#variant = variant;
    this.#folder = folder;
  }

  /** Writes down what the running revision declares, and moves what it says was called otherwise. */
  async declare(resources: readonly DeclaredResource[]): Promise<void> {
    for (const { kind, name, options } of resources) {
      if (typeof options.was !== "string") continue;
      const what = storeOf({ kind, name }) === undefined ? "queue" : "store";
      const from = storeOf({ kind, name: options.was }) ?? options.was;
      await this.#store.own({ kind: "move", what, from, to: storeOf({ kind, name }) ?? name });
    }
    const value = toStored(resources, "the declared resources", Number.POSITIVE_INFINITY);
    const [found] = await this.#declared();
    if (found !== undefined && Buffer.compare(found.value, value) === 0) return;
    const entries = [{ key: DECLARED.key, value, ifVersion: undefined }];
    await this.#store.own({ kind: "set", store: DECLARED.store, entries, ttlMs: undefined, fence: undefined });
  }

  async kept(): Promise<Holdings> {
    const [[contents], [found]] = await Promise.all([
      this.#store.read([{ kind: "contents" }]) as Promise<readonly [Answers["contents"]]>,
      this.#declared(),
    ]);
    const declared = found === undefined ? [] : (fromStored(found.value, "it") as readonly DeclaredResource[]);
    return { declared, things: toThings(contents), ...(this.#variant === undefined ? {} : { variant: this.#variant }) };
  }

  async #declared(): Promise<Answers["get"]> {
    return (
      await this.#store.read([{ kind: "get", store: DECLARED.store, keys: [DECLARED.key] }])
    )[0] as Answers["get"];
  }

  async drop(resource: { readonly kind: string; readonly name: string }): Promise<{ readonly dropped: boolean }> {
    if (resource.kind === "durable") {
      const { count } = (await this.#store.own({ kind: "drop", what: "runs", name: resource.name })) as {
        count: number;
      };
      return { dropped: count > 0 };
    }
    const store = storeOf(resource);
    const { queues } = (await this.#store.read([{ kind: "contents" }]))[0] as Answers["contents"];
    const names =
      store !== undefined
        ? [store]
        : queues
            .map(({ name }) => name)
            .filter((name) => {
              const of = resourceOfQueue(name);
              return of.kind === resource.kind && of.name === resource.name;
            });
    let count = 0;
    for (const name of names) {
      const what = store === undefined ? "queue" : "store";
      count += ((await this.#store.own({ kind: "drop", what, name })) as { count: number }).count;
    }
    return { dropped: count > 0 };
  }

  async *backup(): AsyncGenerator<Uint8Array, void, undefined> {
    const folder = await mkdtemp(join(this.#folder, "backup-"));
    try {
      const path = join(folder, "store.db");
      await this.#store.driver.backup(path);
      yield* createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async restorable(): Promise<void> {
    const { things } = await this.kept();
    if (things.length === 0) return;
    const names = things.map(({ kind, name, holds }) => `${kind}:${name} (${holds})`).join(", ");
    throw new HadronError(
      "FAILED_PRECONDITION",
      `The store keeps ${names} already, and a backup is restored into an empty app only: delete --data empties this one, and --app=NAME is another.`,
    );
  }

  async restore(bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const folder = await mkdtemp(join(this.#folder, "restore-"));
    try {
      const path = join(folder, "store.db");
      await pipeline(bytes, createWriteStream(path));
      await this.#store.driver.restore(path);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** By resource: a topic's queues are one. */
function toThings({ stores, queues, runs }: Answers["contents"]): readonly KeptThing[] {
  const entries = stores.flatMap(({ name, entries, bytes }) => {
    const resource = resourceOfStore(name);
    return resource === undefined ? [] : [{ ...resource, holds: count(entries, "value"), bytes }];
  });
  const byResource = Map.groupBy(queues, ({ name }) => JSON.stringify(resourceOfQueue(name)));
  const messages = [...byResource.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const sum = (of: (queue: (typeof queues)[number]) => number) =>
      group.reduce((total, queue) => total + of(queue), 0);
    const dead = sum((queue) => queue.dead);
    const live = sum(({ waiting, working }) => waiting + working);
    const holds = dead === 0 ? count(live, "message") : `${count(live, "message")}, ${count(dead, "dead letter")}`;
    return [{ ...resourceOfQueue(first.name), holds, bytes: sum(({ bytes }) => bytes) }];
  });
  const logs = runs.map(({ name, open, paused, ended, bytes }) => {
    const counts = [[open, "open"] as const, [paused, "paused"] as const, [ended, "finished"] as const];
    const some = counts.flatMap(([number, state]) => (number === 0 ? [] : [count(number, `${state} run`)]));
    return { kind: "durable", name, holds: some.join(", "), bytes, service: name };
  });
  return [...entries, ...messages, ...logs];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
