/** The promises of a store driver, as tests; and what tests of stores need. */
export { describeStore } from "./describe-store.ts";
export { describeRunLives } from "./run-lives.ts";
export { describeRunLog } from "./runs.ts";
export type { StoreUnderTest } from "./start.ts";
export { claim, readText, send, set, TestClient } from "./test-client.ts";
export { TestTime } from "./test-time.ts";
