import { realpathSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { LoadedComponent } from "./component/load.ts";
import { type DeclaredModule, declarationOf, type ResolvedOptions } from "./declared.ts";
import type { ComponentSetup, GuestLimits, ModuleSetup, ThreadSetup } from "./guest/protocol.ts";
import { isKnown } from "./module/known.ts";
import type { LoadedModule } from "./module/load.ts";

/** Of what a guest says, so much is logged and shown. */
const LOG_BYTES = 64 * 1024;
const BUFFERS = 1024;

/** What the threads of a declared module are made with: all that can be made before there is one. */
export async function toThreadSetup(declared: DeclaredModule): Promise<Omit<ThreadSetup, "shared">> {
  const { options } = declared;
  const limits: GuestLimits = {
    outputBytes: options.outputBytes,
    logBytes: LOG_BYTES,
    buffers: BUFFERS,
    bufferBytes: options.memoryMiB * 2 ** 20,
  };
  return {
    main: await toMain(declared),
    limits,
    isReused: options.reuse,
    grants: {
      args: [declared.file, ...options.args],
      env: options.env,
      folders: declared.folders.map(({ at, path, isWritable }) => ({ at, path: realpathSync(path), isWritable })),
      clock: options.clock,
      random: options.random,
      kv: options.kv !== undefined,
      net: options.net.length > 0,
      admin: false,
    },
  };
}

async function toMain({ loaded, options }: DeclaredModule): Promise<ModuleSetup | ComponentSetup> {
  return loaded.kind === "module" ? toModule(loaded, options) : toComponent(loaded);
}

async function toModule(loaded: LoadedModule, { link }: ResolvedOptions): Promise<ModuleSetup> {
  const linked = Object.entries(link).flatMap(([name, module]) => {
    const other = declarationOf(module);
    return other.loaded.kind === "module" ? [[name, toModule(other.loaded, other.options)] as const] : [];
  });
  const made = linked.map(async ([name, module]) => [name, await module] as const);
  return {
    label: loaded.label,
    module: await WebAssembly.compile(loaded.bytes),
    entryPoint: loaded.entryPoint,
    memory: loaded.memory,
    hasStart: loaded.shape.hasStart,
    imports: loaded.shape.imports.filter(({ module }) => isKnown(module) || Object.hasOwn(link, module)),
    linked: Object.fromEntries(await Promise.all(made)),
  };
}

async function toComponent({ label, glue, cores, entryPoint, hasStart }: LoadedComponent): Promise<ComponentSetup> {
  const compiled = [...cores].map(async ([name, bytes]) => [name, await WebAssembly.compile(bytes)] as const);
  return {
    label,
    glue: pathToFileURL(glue).href,
    cores: Object.fromEntries(await Promise.all(compiled)),
    entryPoint,
    hasStart,
  };
}
