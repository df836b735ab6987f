/** The store: what keeps the resources of an app. For those who write a driver, or look inside. */
export { fromStored, toStored } from "../client/values.ts";
export type { Batch, StoreDriver } from "./contract/driver.ts";
export type * from "./contract/operations.ts";
export { type TimeSource, toTimeSource } from "./contract/store-clock.ts";
export { MemoryDriver } from "./memory/driver.ts";
export { StoreServer } from "./server/store-server.ts";
export { SqliteDriver, type SqliteOptions } from "./sqlite/driver.ts";
