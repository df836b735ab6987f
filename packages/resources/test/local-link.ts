import type { StoreLink } from "../src/client/link.ts";
import { type ClientTime, StoreClient } from "../src/client/store-client.ts";
import { TestTime } from "../src/store/contract/suite/index.ts";
import { MemoryDriver, StoreServer } from "../src/store/index.ts";

/** A store in memory and clients of it, without a wire: time stands still unless the test moves it. */
export class LocalStore implements AsyncDisposable {
  readonly time = new TestTime();
  readonly server = new StoreServer(new MemoryDriver(this.time), this.time, "server");
  /** Fails calls while it is set, before they get there. */
  away: Error | undefined;
  /** Counts trips. */
  trips = 0;
  #clients = 0;

  client(time: ClientTime = this.time): StoreClient {
    return new StoreClient(this.#link(), time, `client-${++this.#clients}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }

  #link(): StoreLink {
    const reach = async <T>(call: () => Promise<T>): Promise<T> => {
      this.trips++;
      if (this.away !== undefined) throw this.away;
      return call();
    };
    return {
      commit: (batch) => reach(() => this.server.commit(batch)),
      read: (queries) => reach(() => this.server.read(queries)),
      claim: (claim, waitMs, signal) => reach(() => this.server.claim(claim, waitMs, signal)),
      endClaim: (holder) => reach(async () => this.server.endClaim(holder)),
      acquire: (acquire, waitMs, signal) => reach(() => this.server.acquire(acquire, waitMs, signal)),
      claimRuns: (claim, waitMs, signal) => reach(() => this.server.claimRuns(claim, waitMs, signal)),
      followRun: (follow, waitMs, signal = new AbortController().signal) =>
        reach(() => this.server.followRun(follow, waitMs, signal)),
      relay: () => reach(async () => {}),
      backlog: () => reach(async () => []),
      watch: (store, prefix) => this.server.watch(store, prefix),
    };
  }
}

/** Lets everything run that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}
