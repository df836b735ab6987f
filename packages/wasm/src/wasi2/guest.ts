import type { File, Folder } from "../wasi/nodes.ts";

/** What the functions of WASI 0.2 work on: that of the call under way, so that it is asked for anew each time. */
export interface ComponentGuest {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** How fine the clock is, in nanoseconds. */
  readonly resolution: bigint;
  /** Nanoseconds since 1970, or since some instant. */
  now(clock: "realtime" | "monotonic"): bigint;
  random(target: Uint8Array): void;
  readInput(target: Uint8Array): number;
  writeOutput(bytes: Uint8Array): void;
  writeLog(bytes: Uint8Array): void;
  /** What one call may give. */
  readonly outputBytes: number;
  /** Gets what is at an address. Throws GuestError where that was not granted, or fails. */
  fetch(url: string): Uint8Array;
  /** In which what was granted stands. */
  readonly root: Folder;
  /** What is no file of any folder, such as `api://input`. Undefined: it is none of these. */
  openAddress(path: string): { readonly file: File; readonly isWritable: boolean } | undefined;
  /** It is closed with the call. */
  opened(file: File): void;
}
