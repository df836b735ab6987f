import { tmpdir } from "node:os";
import { type Context, onStart, procedure, type StartContext } from "@hadron/core";
import { HadronError, hiddenService, isHadronError, pattern } from "@hadron/core/spi";
import { databases } from "../../database/keeper/database-service.ts";
import { postgres } from "../../database/keeper/postgres-service.ts";
import type { Batch, StoreDriver } from "../contract/driver.ts";
import type { Acquire, Claim, Query } from "../contract/operations.ts";
import type { ClaimRuns } from "../contract/run-operations.ts";
import { toTimeSource } from "../contract/store-clock.ts";
import { Relays } from "../relay/relays.ts";
import type { FollowRun } from "../server/run-waits.ts";
import { StoreServer } from "../server/store-server.ts";
import { createConnect } from "./connect.ts";
import { StoreKeeper } from "./keeper.ts";

/** The largest batch that is taken; clients make smaller ones. */
const MOST_BATCH_BYTES = 64 * 1024 * 1024;

/** What the store serves. All may be asked again: a batch has its number, and a lock its holder. */
const idempotent = { idempotent: true } as const;

/** Opens the driver in a starting replica; says where there is room for a while, and which variant of the service it is. */
interface Opened {
  readonly driver: StoreDriver;
  readonly folder: string;
  readonly variant: string | undefined;
}

/** What a store's replica does, wherever it keeps all. */
function serveStore(open: (context: StartContext) => Promise<Opened>) {
  let server: StoreServer | undefined;
  let keeper: StoreKeeper | undefined;
  let relays: Relays | undefined;
  const started = (): StoreServer => {
    if (server !== undefined) return server;
    throw new HadronError("UNAVAILABLE", "The store has not started yet.", { unsent: true });
  };
  const asked = (): StoreKeeper => {
    started();
    if (keeper !== undefined) return keeper;
    throw new HadronError("UNAVAILABLE", "The store has not started yet.", { unsent: true });
  };
  return {
    kept: procedure(idempotent, () => asked().kept()),
    drop: procedure(idempotent, (resource: { kind: string; name: string }) => asked().drop(resource)),
    backup: () => asked().backup(),
    restorable: procedure(idempotent, () => asked().restorable()),
    restore: (bytes: AsyncIterable<Uint8Array>) => asked().restore(bytes),
    commit: procedure(idempotent, (batch: Batch) => started().commit(batch)),
    read: procedure(idempotent, (queries: readonly Query[]) => started().read(queries)),
    claim: procedure(idempotent, ({ claim, waitMs }: { claim: Claim; waitMs: number }, { signal }) =>
      started().claim(claim, waitMs, signal),
    ),
    endClaim: procedure(idempotent, (holder: string) => started().endClaim(holder)),
    acquire: procedure(idempotent, ({ acquire, waitMs }: { acquire: Acquire; waitMs: number }, { signal }) =>
      started().acquire(acquire, waitMs, signal),
    ),
    // Not to be asked again by itself: an answer that was lost is looked for (`known`).
    claimRuns: ({ claim, waitMs }: { claim: ClaimRuns; waitMs: number }, { signal }: Context) =>
      started().claimRuns(claim, waitMs, signal),
    followRun: procedure(idempotent, ({ follow, waitMs }: { follow: FollowRun; waitMs: number }, { signal }) =>
      started().followRun(follow, waitMs, signal),
    ),
    relay: procedure(idempotent, async (database: string) => {
      started();
      await relays?.look(database);
    }),
    backlog: procedure(idempotent, async () => {
      started();
      return (await relays?.backlog()) ?? [];
    }),
    watch: ({ store, prefix }: { store: string; prefix: string }) => started().watch(store, prefix),
    async [onStart](context: StartContext) {
      const { signal, clock, keeps, log } = context;
      const { driver, folder, variant } = await open(context);
      const opened = new StoreServer(driver, toTimeSource(clock), `hadron.store/${clock.uuid()}`);
      server = opened;
      keeper = new StoreKeeper(opened, folder, variant);
      const warn = (text: string) => log.warn(text);
      const moving = new Relays({ store: opened, connect: createConnect(context), clock, warn });
      relays = moving;
      // None: somebody only looks at what an app kept.
      if (keeps.length > 0) {
        await keeper.declare(keeps.map(({ kind, name, options }) => ({ kind, name, keeper: "hadron.store", options })));
        await moving.start();
      }
      const stop = () => {
        moving.close();
        // While it drains it goes on serving. Killed, it must let go of its folder.
        if (isHadronError(signal.reason) && signal.reason.code === "UNAVAILABLE") void opened[Symbol.asyncDispose]();
        else opened.endWaits();
      };
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    },
    async [Symbol.asyncDispose]() {
      await relays?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    },
  };
}

/**
 * The hidden service that keeps an app's values, queues and locks: one replica, with a folder of its own, or (`--store=postgres`) with
 * none, and all in a database. Callers wait for it, within their deadlines, while it is started anew.
 */
export const store = hiddenService(
  "hadron.store",
  pattern({
    name: "store",
    children: {},
    needs: { storage: { path: "store" } },
    root: () => serveStore(openFolder),
  }),
  {
    limits: { inputBytes: MOST_BATCH_BYTES, outputBytes: MOST_BATCH_BYTES, concurrency: 100_000 },
    // What transactions send waits in their databases, and is moved from there.
    mayUse: [databases],
    variants: {
      postgres: pattern({
        name: "store",
        children: {},
        needs: { uses: [databases, postgres] },
        root: () => serveStore(openDatabase),
      }),
    },
  },
);

async function openFolder({ replica, clock }: StartContext): Promise<Opened> {
  const { storage: folder } = replica;
  if (folder === undefined)
    throw new HadronError("FAILED_PRECONDITION", "The store was given no folder to keep its data in.");
  // Loaded where it is served: SQLite is no part of those who call.
  const { SqliteDriver } = await clock.outside(import("../sqlite/driver.ts"));
  // Nothing outlives the test whose time this is: there is nothing to wait for a disk for.
  const isVirtual = "isVirtual" in clock && clock.isVirtual === true;
  const driver = await SqliteDriver.open({
    folder,
    time: toTimeSource(clock),
    durable: !isVirtual,
    failed: endReplica,
  });
  return { driver, folder, variant: undefined };
}

/** The process ends, and its runner starts another, which reads what the disk really has. */
function endReplica(error: HadronError): void {
  queueMicrotask(() => {
    throw error;
  });
}

async function openDatabase(context: StartContext): Promise<Opened> {
  const { PostgresDriver } = await context.clock.outside(import("../postgres/driver.ts"));
  const connect = createConnect(context);
  const driver = await PostgresDriver.open({
    connect: () => connect("hadron.store"),
    time: toTimeSource(context.clock),
  });
  return { driver, folder: tmpdir(), variant: "postgres" };
}
