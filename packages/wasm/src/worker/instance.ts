import { GuestError } from "../guest/error.ts";
import type { ModuleSetup } from "../guest/protocol.ts";
import { Exit } from "../wasi/guest.ts";
import type { CallWorld } from "./call-world.ts";
import { GuestHost } from "./guest-host.ts";
import type { Memories } from "./memories.ts";

/** Calls from one module into another, and from there into a third, go so deep. */
const MAX_DEPTH = 16;

/** What a call returned; of a program that ended by itself its exit status. */
export type Outcome = { readonly returned: unknown } | { readonly status: number };

/** A module as one thread calls it: one instance after the other. */
export class Guest {
  readonly setup: ModuleSetup;
  readonly memories: Memories;
  readonly depth: number;
  readonly host: GuestHost;

  /**
   * Throws {@link GuestError} where that is too deep.
   *
   * @param depth How many modules called each other to get here.
   */
  constructor(setup: ModuleSetup, memories: Memories, depth = 0) {
    if (depth > MAX_DEPTH)
      throw new GuestError("HANDLER_FAILED", `it calls modules that call modules, ${MAX_DEPTH} deep`);
    this.setup = setup;
    this.memories = memories;
    this.depth = depth;
    // One that is called by another is a fresh instance, too: nothing is left of a call but what it returned.
    this.host = new GuestHost(setup, (linked, world, name, values) => {
      const instance = new Instance(new Guest(linked, memories, depth + 1), world);
      const outcome = instance.call(world, name, values);
      instance.leave();
      return ("returned" in outcome ? outcome.returned : outcome.status) as number | bigint;
    });
  }
}

/** A module with what is its own. It may be made before there is a call, unless it runs by itself when it is made. */
export class Instance {
  readonly #guest: Guest;
  readonly #given: WebAssembly.Memory | undefined;
  readonly #exports: WebAssembly.Exports;
  #isInitialized = false;

  /** Runs the module's own `(start)`, in `world`. The instance of the same guest that was made before is not called again. */
  constructor(guest: Guest, world?: CallWorld) {
    const { setup, memories, host, depth } = guest;
    this.#guest = guest;
    this.#given = memories.take(setup);
    const imports = host.importsWith(this.#given);
    if (world !== undefined) host.begin(world, depth === 0);
    try {
      this.#exports = new WebAssembly.Instance(setup.module, imports).exports;
    } catch (error) {
      host.end();
      throw error;
    }
    if (this.#exports.memory instanceof WebAssembly.Memory) host.useMemory(this.#exports.memory);
  }

  /** Calls an export. A module that has an `_initialize`, as libraries do, is initialized before its first call. */
  call(world: CallWorld, name: string, values: readonly (number | bigint)[]): Outcome {
    const { host, depth } = this.#guest;
    if (!host.isInCall) host.begin(world, depth === 0);
    try {
      if (name !== "_start" && !this.#isInitialized) (this.#exports._initialize as (() => void) | undefined)?.();
      this.#isInitialized = true;
      const act = this.#exports[name] as (...values: readonly (number | bigint)[]) => unknown;
      return { returned: act(...values) };
    } catch (error) {
      if (error instanceof Exit) return { status: error.status };
      throw error;
    } finally {
      host.end();
    }
  }

  /** It is not called any more. */
  leave(): void {
    const { setup, memories } = this.#guest;
    if (this.#given !== undefined) memories.giveBack(setup, this.#given);
  }
}
