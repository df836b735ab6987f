import { coreFunctions } from "../buffers/core.ts";
import { firstFunctions } from "../buffers/first.ts";
import { GuestError } from "../guest/error.ts";
import type { GuestFunction } from "../guest/function.ts";
import { GuestMemory } from "../guest/memory.ts";
import type { ModuleSetup, Question } from "../guest/protocol.ts";
import { Descriptors } from "../wasi/descriptors.ts";
import type { WasiGuest } from "../wasi/guest.ts";
import { wasiFunctions } from "../wasi/wasi.ts";
import type { CallWorld } from "./call-world.ts";
import { openAddress } from "./open-address.ts";
import { rootOf } from "./root-folder.ts";

/** Calls a function of a module that another one is linked to. */
export type CallLinked = (
  linked: ModuleSetup,
  world: CallWorld,
  name: string,
  values: readonly (number | bigint)[],
) => number | bigint;

/**
 * What a module imports. Its functions know nothing of any call: they ask for the one under way, and so they serve one instance after
 * the other.
 */
export class GuestHost {
  readonly #setup: ModuleSetup;
  readonly #callLinked: CallLinked;
  readonly #imports: Record<string, Record<string, WebAssembly.ImportValue>>;
  #memory: WebAssembly.Memory | undefined;
  #call: { readonly world: CallWorld; readonly descriptors: Descriptors } | undefined;

  constructor(setup: ModuleSetup, callLinked: CallLinked) {
    this.#setup = setup;
    this.#callLinked = callLinked;
    this.#imports = this.#toImports();
  }

  /** For the next instance, which is given that memory. */
  importsWith(given: WebAssembly.Memory | undefined): WebAssembly.Imports {
    this.#memory = given;
    if (this.#setup.memory === undefined || given === undefined) return this.#imports;
    const { module, name } = this.#setup.memory;
    this.#imports[module] ??= Object.create(null) as Record<string, WebAssembly.ImportValue>;
    this.#imports[module][name] = given;
    return this.#imports;
  }

  /** The instance has a memory of its own that stands for it. */
  useMemory(memory: WebAssembly.Memory): void {
    this.#memory = memory;
  }

  get isInCall(): boolean {
    return this.#call !== undefined;
  }

  /** @param readsInput Whether the call's input is this module's: one that is called by another reads none. */
  begin(world: CallWorld, readsInput: boolean): void {
    this.#call = { world, descriptors: openDescriptors(world, readsInput) };
  }

  end(): void {
    this.#call?.descriptors.closeAll();
    this.#call = undefined;
  }

  #current(): { readonly world: CallWorld; readonly descriptors: Descriptors } {
    if (this.#call === undefined) throw new GuestError("INTERNAL", `${this.#setup.label} runs outside of a call`);
    return this.#call;
  }

  /** Tables without a prototype: a module may ask for a `constructor`. */
  #toImports(): Record<string, Record<string, WebAssembly.ImportValue>> {
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = Object.create(null);
    const memory = new GuestMemory(() => this.#ownMemory());
    const modules = new Set(this.#setup.imports.map(({ module }) => module));
    for (const module of modules) {
      const table: Record<string, WebAssembly.ImportValue> = Object.create(null);
      Object.assign(table, this.#functionsOf(module, memory));
      imports[module] = table;
    }
    return imports;
  }

  #functionsOf(module: string, memory: GuestMemory): Record<string, GuestFunction> {
    const linked = this.#setup.linked[module];
    const names = this.#setup.imports.flatMap((wanted) => (wanted.module === module ? [wanted.name] : []));
    if (linked !== undefined) return this.#linkedFunctions(names, linked);
    switch (module) {
      case "wasi_snapshot_preview1":
      case "wasi_unstable":
        return wasiFunctions(module, this.#toWasiGuest(memory), names);
      case "core":
        return coreFunctions(this.#toBufferGuest(memory));
      case "my-own-cluster":
        return firstFunctions(this.#toBufferGuest(memory));
      default:
        return {
          abort: () => {
            throw new GuestError("HANDLER_FAILED", "an assertion of it failed");
          },
        };
    }
  }

  /** A module that is called by another one is a fresh instance, too: nothing is left of a call but what it returned. */
  #linkedFunctions(names: readonly string[], linked: ModuleSetup): Record<string, GuestFunction> {
    return Object.fromEntries(
      names.map((name) => {
        const act = (...values: (number | bigint)[]) => this.#callLinked(linked, this.#current().world, name, values);
        return [name, act as GuestFunction];
      }),
    );
  }

  #ownMemory(): WebAssembly.Memory {
    const memory = this.#memory;
    if (memory === undefined) {
      throw new GuestError(
        "HANDLER_FAILED",
        `${this.#setup.label} has no memory of the name "memory" for the host to write to`,
      );
    }
    return memory;
  }

  #toWasiGuest(memory: GuestMemory): WasiGuest {
    const current = () => this.#current();
    return {
      memory,
      get descriptors() {
        return current().descriptors;
      },
      get args() {
        return current().world.grants.args;
      },
      get env() {
        return Object.entries(current().world.grants.env).map(([name, value]) => `${name}=${value}`);
      },
      get resolution() {
        return current().world.grants.clock ? 1n : 1_000_000n;
      },
      now: (clock) => current().world.now(clock),
      random: (target) => current().world.random(target),
      openAddress: (path) => {
        const found = openAddress(path, current().world);
        return found === undefined ? undefined : { kind: "file", ...found, position: 0, isAppending: false };
      },
    };
  }

  #toBufferGuest(memory: GuestMemory) {
    const current = () => this.#current().world;
    return {
      memory,
      get buffers() {
        return current().buffers;
      },
      now: () => current().now("realtime"),
      log: (text: string) => current().log.write(`${text}\n`),
      ask: (question: Question) => current().ask(question),
    };
  }
}

/** Input, output, log, and one folder, in which what was granted stands. */
function openDescriptors(world: CallWorld, readsInput: boolean): Descriptors {
  return new Descriptors([
    { kind: "input", read: (target) => (readsInput ? world.readInput(target) : 0) },
    { kind: "output", write: (bytes) => world.writeOutput(bytes) },
    { kind: "output", write: (bytes) => world.log.writeBytes(bytes) },
    { kind: "folder", folder: rootOf(world.grants), preopenedAs: "/" },
  ]);
}
