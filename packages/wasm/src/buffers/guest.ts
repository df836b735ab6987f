import type { GuestMemory } from "../guest/memory.ts";
import type { Answer, Question } from "../guest/protocol.ts";
import type { ExchangeBuffers } from "./exchange.ts";

/** What the functions of the guest API work on. But for the memory it is that of the call under way, so that it is asked for anew each time. */
export interface BufferGuest {
  readonly memory: GuestMemory;
  readonly buffers: ExchangeBuffers;
  /** Nanoseconds since 1970. */
  now(): bigint;
  log(text: string): void;
  /** Throws where it was not granted, or fails. */
  ask(question: Question): Answer & { readonly ok: true };
}
