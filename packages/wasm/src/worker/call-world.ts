import type { ExchangeBuffers } from "../buffers/exchange.ts";
import type { Answer, GuestGrants, Question } from "../guest/protocol.ts";
import type { Log, Output } from "./output.ts";

/** What all the modules of one call share. */
export interface CallWorld {
  readonly grants: GuestGrants;
  readonly buffers: ExchangeBuffers;
  readonly output: Output;
  readonly log: Log;
  /** Fills `target` from the input; 0: that is its end. */
  readInput(target: Uint8Array): number;
  writeOutput(bytes: Uint8Array): void;
  /** The whole input, where it is known. */
  readonly input: Uint8Array;
  ask(question: Question): Answer & { readonly ok: true };
  random(target: Uint8Array): void;
  now(clock: "realtime" | "monotonic"): bigint;
}
