/** For tests of durable programs. */
export { type Crashes, type CrashOptions, crashEverywhere } from "./crash-everywhere.ts";
