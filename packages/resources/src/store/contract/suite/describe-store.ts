import type { TimeSource } from "../store-clock.ts";
import { describeEntries } from "./entries.ts";
import { describeLocks } from "./locks.ts";
import { describeQueues } from "./queues.ts";
import type { Start, StoreUnderTest } from "./start.ts";
import { TestClient } from "./test-client.ts";
import { TestTime } from "./test-time.ts";
import { describeUpkeep } from "./upkeep.ts";

/**
 * What every driver promises.
 *
 * @param open Opens a store of its own, empty. `time`: what its clock goes by.
 */
export function describeStore(name: string, open: (time: TimeSource) => Promise<StoreUnderTest>): void {
  const start: Start = async () => {
    const time = new TestTime();
    const store = await open(time);
    return { time, store, driver: store.driver, client: new TestClient(store.driver) };
  };
  describeEntries(name, start);
  describeQueues(name, start);
  describeLocks(name, start);
  describeUpkeep(name, start);
}
