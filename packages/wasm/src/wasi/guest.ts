import { GuestError } from "../guest/error.ts";
import type { GuestFunction } from "../guest/function.ts";
import { type GuestMemory, OutOfBounds } from "../guest/memory.ts";
import type { Descriptor, Descriptors } from "./descriptors.ts";
import { ERRNO, toWasiError, WasiError } from "./errno.ts";

/** A program that has called `proc_exit`: thrown through its frames, which cannot catch it. */
export class Exit extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`exit status ${status}`);
    this.status = status;
  }
}

/** What the functions of WASI work on. But for the memory it is that of the call under way, so that it is asked for anew each time. */
export interface WasiGuest {
  readonly memory: GuestMemory;
  readonly descriptors: Descriptors;
  readonly args: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  /** Nanoseconds since 1970, or since some instant. */
  now(clock: "realtime" | "monotonic"): bigint;
  /** How fine the clock is, in nanoseconds. */
  readonly resolution: bigint;
  random(target: Uint8Array): void;
  /** What is no file of any folder, such as `api://input`. Undefined: it is none of these. */
  openAddress(path: string): Descriptor | undefined;
}

/** Those functions of WASI that are wanted. They throw what they fail with, which is returned as a number. */
export function answering(
  functions: Readonly<Record<string, GuestFunction>>,
  names: readonly string[],
): Record<string, GuestFunction> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const act = Object.hasOwn(functions, name) ? functions[name] : undefined;
      if (act === undefined) return [];
      const answer: GuestFunction = (...values) => {
        try {
          return act(...values) ?? ERRNO.success;
        } catch (error) {
          // The end of a program, and of a call that did what it may not: no answer to the guest.
          if (error instanceof Exit || error instanceof GuestError) throw error;
          if (error instanceof OutOfBounds) return ERRNO.fault;
          if (error instanceof WasiError) return ERRNO[error.errno];
          if (error instanceof RangeError) return ERRNO.overflow;
          return ERRNO[toWasiError(error).errno];
        }
      };
      return [[name, answer] as const];
    }),
  );
}
