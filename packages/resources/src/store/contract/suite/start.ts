import type { StoreDriver } from "../driver.ts";
import type { TestClient } from "./test-client.ts";
import type { TestTime } from "./test-time.ts";

/** One driver under test. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly driver: StoreDriver;
}

/** Opens a store of its own for a test, empty. */
export type Start = () => Promise<{
  readonly time: TestTime;
  readonly store: StoreUnderTest;
  readonly driver: StoreDriver;
  readonly client: TestClient;
}>;
