/** For tests of apps: the whole system in the test's own process. */
import "../node-version.ts";

export { type StartedApp, type StartOptions, start, type TestReplica } from "./start.ts";
