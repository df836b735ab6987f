/** The store: what keeps the resources of an app. For those who write a driver, or look inside. */
export { findStore } from "../client/find-store.ts";
export type { StoreClient } from "../client/store-client.ts";
export { fromStored, toStored } from "../client/values.ts";
export { checkWords, openStore, toJson } from "../verbs/store-verb.ts";
export type { Batch, StoreDriver } from "./contract/driver.ts";
export type * from "./contract/operations.ts";
export type * from "./contract/run-operations.ts";
export { type TimeSource, toTimeSource } from "./contract/store-clock.ts";
export { MemoryDriver } from "./memory/driver.ts";
export { PostgresDriver, type PostgresOptions } from "./postgres/driver.ts";
export type { ClaimedRuns, FollowedRun, FollowRun } from "./server/run-waits.ts";
export { StoreServer } from "./server/store-server.ts";
export { store } from "./service/store-service.ts";
export { SqliteDriver, type SqliteOptions } from "./sqlite/driver.ts";
