import { type Clock, type Context, onStart, procedure, type StartContext } from "@hadron/core";
import { HadronError, hiddenService, isHadronError, pattern } from "@hadron/core/spi";
import type { Batch } from "../contract/driver.ts";
import type { Acquire, Claim, Query } from "../contract/operations.ts";
import type { ClaimRuns } from "../contract/run-operations.ts";
import { toTimeSource } from "../contract/store-clock.ts";
import type { FollowRun } from "../server/run-waits.ts";
import { StoreServer } from "../server/store-server.ts";
import { StoreKeeper } from "./keeper.ts";

/** The largest batch that is taken; clients make smaller ones. */
const MOST_BATCH_BYTES = 64 * 1024 * 1024;

/** What the store serves. All may be asked again: a batch has its number, and a lock its holder. */
const idempotent = { idempotent: true } as const;

/**
 * The hidden service that keeps an app's values, queues and locks: one replica, with a folder of its own. Callers wait for
 * it, within their deadlines, while it is started anew.
 */
export const store = hiddenService(
  "hadron.store",
  pattern({
    name: "store",
    children: {},
    needs: { storage: { path: "store" } },
    root: () => {
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
        async [onStart]({ replica, signal, clock, keeps }: StartContext) {
          const { storage } = replica;
          if (storage === undefined)
            throw new HadronError("FAILED_PRECONDITION", "The store was given no folder to keep its data in.");
          const opened = await open(storage, clock);
          server = opened;
          keeper = new StoreKeeper(opened, storage);
          // None: somebody only looks at what an app kept.
          if (keeps.length > 0) {
            await keeper.declare(
              keeps.map(({ kind, name, options }) => ({ kind, name, keeper: "hadron.store", options })),
            );
          }
          const stop = () => {
            // While it drains it goes on serving. Killed, it must let go of its folder.
            if (isHadronError(signal.reason) && signal.reason.code === "UNAVAILABLE")
              void opened[Symbol.asyncDispose]();
            else opened.endWaits();
          };
          if (signal.aborted) stop();
          else signal.addEventListener("abort", stop, { once: true });
        },
        async [Symbol.asyncDispose]() {
          await server?.[Symbol.asyncDispose]();
        },
      };
    },
  }),
  { limits: { inputBytes: MOST_BATCH_BYTES, outputBytes: MOST_BATCH_BYTES, concurrency: 100_000 } },
);

async function open(folder: string, clock: Clock): Promise<StoreServer> {
  // Loaded where it is served: SQLite is no part of those who call.
  const { SqliteDriver } = await import("../sqlite/driver.ts");
  const time = toTimeSource(clock);
  // Nothing outlives the test whose time this is: there is nothing to wait for a disk for.
  const isVirtual = "isVirtual" in clock && clock.isVirtual === true;
  const driver = await SqliteDriver.open({ folder, time, thread: "this", durable: !isVirtual });
  return new StoreServer(driver, time, `hadron.store/${clock.uuid()}`);
}
