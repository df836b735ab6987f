import { coreFunctions } from "../buffers/core.ts";
import type { ExchangeBuffers } from "../buffers/exchange.ts";
import { firstFunctions } from "../buffers/first.ts";
import { GuestError } from "../guest/error.ts";
import type { GuestFunction } from "../guest/function.ts";
import { GuestMemory } from "../guest/memory.ts";
import type { Answer, GuestGrants, ModuleSetup, Question } from "../guest/protocol.ts";
import { type Descriptor, Descriptors } from "../wasi/descriptors.ts";
import { Exit, type WasiGuest } from "../wasi/guest.ts";
import { HostFolder } from "../wasi/host-folder.ts";
import { BytesFile, MountFolder, SinkFile } from "../wasi/virtual.ts";
import { wasiFunctions } from "../wasi/wasi.ts";
import type { Log, Output } from "./output.ts";

/** Calls from one module into another, and from there into a third, go so deep. */
const MAX_DEPTH = 16;

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

/** A module of a call: a fresh instance, with what is its own. */
export class Instance {
  readonly #setup: ModuleSetup;
  readonly #world: CallWorld;
  readonly #depth: number;
  readonly #descriptors: Descriptors;
  #memory: WebAssembly.Memory | undefined;
  #exports: WebAssembly.Exports = {};

  /** Runs the module's own `(start)`. Throws {@link GuestError} where that is too deep. */
  constructor(setup: ModuleSetup, world: CallWorld, depth = 0) {
    if (depth > MAX_DEPTH)
      throw new GuestError("HANDLER_FAILED", `it calls modules that call modules, ${MAX_DEPTH} deep`);
    this.#setup = setup;
    this.#world = world;
    this.#depth = depth;
    this.#descriptors = openDescriptors(world, depth === 0);
    const { importedMemory } = setup;
    if (importedMemory !== undefined) {
      const { min: initial, max: maximum } = importedMemory;
      this.#memory = new WebAssembly.Memory(maximum === undefined ? { initial } : { initial, maximum });
    }
    const instance = new WebAssembly.Instance(setup.module, this.#toImports());
    this.#exports = instance.exports;
    if (instance.exports.memory instanceof WebAssembly.Memory) this.#memory = instance.exports.memory;
  }

  /**
   * Calls an export. A module that has an `_initialize`, as libraries do, is initialized before.
   *
   * @returns What it returned; of a program that ended by itself its exit status.
   */
  call(
    name: string,
    values: readonly (number | bigint)[],
  ): { readonly returned: unknown } | { readonly status: number } {
    try {
      if (name !== "_start") (this.#exports._initialize as (() => void) | undefined)?.();
      const act = this.#exports[name] as (...values: readonly (number | bigint)[]) => unknown;
      return { returned: act(...values) };
    } catch (error) {
      if (error instanceof Exit) return { status: error.status };
      throw error;
    } finally {
      this.#descriptors.closeAll();
    }
  }

  /** Tables without a prototype: a module may ask for a `constructor`. */
  #toImports(): WebAssembly.Imports {
    const imports: WebAssembly.Imports = Object.create(null);
    const memory = new GuestMemory(() => this.#ownMemory());
    const modules = new Set(this.#setup.imports.map(({ module }) => module));
    for (const module of modules) {
      const table: Record<string, WebAssembly.ImportValue> = Object.create(null);
      Object.assign(table, this.#functionsOf(module, memory));
      imports[module] = table;
    }
    return imports;
  }

  #functionsOf(module: string, memory: GuestMemory): Record<string, GuestFunction | WebAssembly.Memory> {
    const linked = this.#setup.linked[module];
    if (linked !== undefined) return this.#linkedFunctions(module, linked);
    switch (module) {
      case "wasi_snapshot_preview1":
      case "wasi_unstable":
        return wasiFunctions(module, this.#toWasiGuest(memory));
      case "core":
        return coreFunctions(this.#toBufferGuest(memory));
      case "my-own-cluster":
        return firstFunctions(this.#toBufferGuest(memory));
      default:
        return {
          abort: () => {
            throw new GuestError("HANDLER_FAILED", "an assertion of it failed");
          },
          ...(this.#setup.importedMemory && { [this.#setup.importedMemory.name]: this.#ownMemory() }),
        };
    }
  }

  /** A module that is called by another one is a fresh instance, too: nothing is left of a call but what it returned. */
  #linkedFunctions(module: string, linked: ModuleSetup): Record<string, GuestFunction> {
    const names = this.#setup.imports.flatMap((wanted) => (wanted.module === module ? [wanted.name] : []));
    return Object.fromEntries(
      names.map((name) => {
        const act = (...values: (number | bigint)[]) => {
          const outcome = new Instance(linked, this.#world, this.#depth + 1).call(name, values);
          return ("returned" in outcome ? outcome.returned : outcome.status) as number | bigint;
        };
        return [name, act as GuestFunction];
      }),
    );
  }

  #ownMemory(): WebAssembly.Memory {
    if (this.#memory === undefined) {
      throw new GuestError(
        "HANDLER_FAILED",
        `${this.#setup.label} has no memory of the name "memory" for the host to write to`,
      );
    }
    return this.#memory;
  }

  #toWasiGuest(memory: GuestMemory): WasiGuest {
    const { grants, output, input } = this.#world;
    return {
      memory,
      descriptors: this.#descriptors,
      args: grants.args,
      env: Object.entries(grants.env).map(([name, value]) => `${name}=${value}`),
      now: (clock) => this.#world.now(clock),
      resolution: grants.clock ? 1n : 1_000_000n,
      random: (target) => this.#world.random(target),
      openAddress: (path) => {
        const address = path.match(/^(api|https?):\/{1,2}(.*)$/);
        if (address === null) return undefined;
        const [, scheme, rest] = address;
        if (scheme !== "api") {
          const { bytes } = this.#world.ask({ kind: "fetch", url: `${scheme}://${rest}` });
          return toFile(new BytesFile(bytes ?? new Uint8Array()), false);
        }
        if (rest === "input") return toFile(new BytesFile(input), false);
        return rest === "output" ? toFile(new SinkFile((bytes) => output.write(bytes)), true) : undefined;
      },
    };
  }

  #toBufferGuest(memory: GuestMemory) {
    const { buffers, log } = this.#world;
    return {
      memory,
      buffers,
      now: () => this.#world.now("realtime"),
      log: (text: string) => log.write(`${text}\n`),
      ask: (question: Question) => this.#world.ask(question),
    };
  }
}

function toFile(file: BytesFile | SinkFile, isWritable: boolean): Descriptor {
  return { kind: "file", file, position: 0, isWritable, isAppending: false };
}

/** Input, output, log, and one folder, in which what was granted stands. A module that is called by another reads no input. */
function openDescriptors(world: CallWorld, isFirst: boolean): Descriptors {
  const root = new MountFolder();
  for (const { at, path, isWritable } of world.grants.folders)
    root.mount(at, new HostFolder({ root: path, isWritable }));
  const decoder = new TextDecoder();
  return new Descriptors([
    { kind: "input", read: (target) => (isFirst ? world.readInput(target) : 0) },
    { kind: "output", write: (bytes) => world.writeOutput(bytes) },
    { kind: "output", write: (bytes) => world.log.write(decoder.decode(bytes, { stream: true })) },
    { kind: "folder", folder: root, preopenedAs: "/" },
  ]);
}
