/** For tests of durable programs. */
export type { History, ParsedEvent } from "../log/history.ts";
export { type Crashes, type CrashOptions, crashEverywhere } from "./crash-everywhere.ts";
export { type Replayed, type ReplayOptions, replay } from "./replay.ts";
