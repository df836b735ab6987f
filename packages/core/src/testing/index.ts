/** For tests of apps: the whole system in the test's own process. */
export { type StartedApp, type StartOptions, start, type TestReplica } from "./start.ts";
