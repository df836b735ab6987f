/** For tests of apps: the whole system in the test's own process. */
import "../node-version.ts";

export type { Interceptor, PassingCall } from "./interceptor.ts";
export { type StartOptions, start } from "./start.ts";
export type { StartedApp } from "./started-app.ts";
export type { TestReplica } from "./test-replica.ts";
