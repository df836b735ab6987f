/** The store: what keeps the resources of an app. For those who write a driver, or look inside. */
export type { Batch, StoreDriver } from "./driver.ts";
export { MemoryDriver } from "./memory/driver.ts";
export type * from "./operations.ts";
export { StoreServer } from "./server/store-server.ts";
export { SqliteDriver, type SqliteOptions } from "./sqlite/driver.ts";
export { createSystemTime, type TimeSource } from "./store-clock.ts";
