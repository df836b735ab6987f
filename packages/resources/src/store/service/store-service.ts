import { AsyncLocalStorage } from "node:async_hooks";
import { tmpdir } from "node:os";
import { type Context, onStart, procedure, type StartContext } from "@hadron/core";
import { HadronError, hiddenService, isHadronError, pattern } from "@hadron/core/spi";
import { toSsl } from "../../database/contract/facts.ts";
import { databases } from "../../database/keeper/database-service.ts";
import { postgres } from "../../database/keeper/postgres-service.ts";
import type { Batch, StoreDriver } from "../contract/driver.ts";
import type { Acquire, Claim, Query } from "../contract/operations.ts";
import type { ClaimRuns } from "../contract/run-operations.ts";
import { toTimeSource } from "../contract/store-clock.ts";
import type { FollowRun } from "../server/run-waits.ts";
import { StoreServer } from "../server/store-server.ts";
import { StoreKeeper } from "./keeper.ts";

/** The largest batch that is taken; clients make smaller ones. */
const MOST_BATCH_BYTES = 64 * 1024 * 1024;

/** Within it a server takes a connection, or is away. */
const CONNECT_MS = 10_000;

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
    watch: ({ store, prefix }: { store: string; prefix: string }) => started().watch(store, prefix),
    async [onStart](context: StartContext) {
      const { signal, clock, keeps } = context;
      const { driver, folder, variant } = await open(context);
      const opened = new StoreServer(driver, toTimeSource(clock), `hadron.store/${clock.uuid()}`);
      server = opened;
      keeper = new StoreKeeper(opened, folder, variant);
      // None: somebody only looks at what an app kept.
      if (keeps.length > 0) {
        await keeper.declare(keeps.map(({ kind, name, options }) => ({ kind, name, keeper: "hadron.store", options })));
      }
      const stop = () => {
        // While it drains it goes on serving. Killed, it must let go of its folder.
        if (isHadronError(signal.reason) && signal.reason.code === "UNAVAILABLE") void opened[Symbol.asyncDispose]();
        else opened.endWaits();
      };
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    },
    async [Symbol.asyncDispose]() {
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
  const { SqliteDriver } = await import("../sqlite/driver.ts");
  // Nothing outlives the test whose time this is: there is nothing to wait for a disk for.
  const isVirtual = "isVirtual" in clock && clock.isVirtual === true;
  const thread = isVirtual ? "this" : "fit";
  const driver = await SqliteDriver.open({ folder, time: toTimeSource(clock), thread, durable: !isVirtual });
  return { driver, folder, variant: undefined };
}

async function openDatabase({ clock, replica }: StartContext): Promise<Opened> {
  const [{ PostgresDriver }, { default: pg }] = await Promise.all([import("../postgres/driver.ts"), import("pg")]);
  // A connection is made whenever one is needed, and by no call's deadline but its own.
  const atStart = AsyncLocalStorage.snapshot();
  const connect = async () => {
    const { user, password, database, server } = await databases.facts({ name: "hadron.store", migrations: [] });
    const at = server ?? { ...(await postgres.address()), tls: "off" as const };
    const client = new pg.Client({
      ...{ user, password, database, host: at.host, port: at.port, ssl: toSsl(at.tls) },
      ...{ application_name: replica.name, connectionTimeoutMillis: CONNECT_MS, keepAlive: true },
    });
    client.on("error", () => {});
    await clock.outside(client.connect());
    return client;
  };
  const driver = await PostgresDriver.open({ connect: () => atStart(connect), time: toTimeSource(clock) });
  return { driver, folder: tmpdir(), variant: "postgres" };
}
