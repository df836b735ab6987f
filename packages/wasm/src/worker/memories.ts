import type { ModuleSetup } from "../guest/protocol.ts";
import { PAGE_BYTES } from "../module/limit.ts";

/** Larger ones are made anew: to make them zero would take longer. */
const USED_AGAIN_BYTES = 2 ** 20;
/** Of one module; it has several where it calls itself by other modules. */
const KEPT = 2;

/**
 * The memories of a thread's guests. One that has not grown is made zero and used again, for the same module: a new one costs more than
 * all the rest of an instance.
 */
export class Memories {
  readonly #free = new Map<ModuleSetup, WebAssembly.Memory[]>();

  /** A memory of nothing but zeros; undefined where the module wants none. */
  take(setup: ModuleSetup): WebAssembly.Memory | undefined {
    if (setup.memory === undefined) return undefined;
    const used = this.#free.get(setup)?.pop();
    if (used === undefined) return new WebAssembly.Memory({ initial: setup.memory.min, maximum: setup.memory.max });
    new Uint8Array(used.buffer).fill(0);
    return used;
  }

  /** Of an instance that is never called again. */
  giveBack(setup: ModuleSetup, memory: WebAssembly.Memory): void {
    const { byteLength } = memory.buffer;
    if (byteLength > USED_AGAIN_BYTES || byteLength !== (setup.memory?.min ?? 0) * PAGE_BYTES) return;
    const free = this.#free.get(setup) ?? [];
    this.#free.set(setup, free);
    if (free.length < KEPT) free.push(memory);
  }
}
