import { HadronError } from "@hadron/core";
import { findUnbound } from "../module/binding.ts";
import { MalformedModule } from "../module/byte-reader.ts";
import { inspectModule } from "../module/inspect.ts";
import { isKnown } from "../module/known.ts";
import { findExcess, type HeldModule, holdModule, MAX_TABLE_ELEMENTS, PAGE_BYTES } from "../module/limit.ts";
import type { ModuleShape } from "../module/shape.ts";

/** A module that comes at run time. */
export interface ModuleToHost {
  /** How messages name it. */
  readonly label: string;
  readonly bytes: Uint8Array;
  readonly memoryMiB: number;
  /** The modules of whose functions it imports some, by name; undefined where there is none of that name. */
  linked(name: string): Promise<PreparedModule | undefined>;
}

/** A module that was looked at and fits, with those that it calls. */
export interface PreparedModule extends HeldModule {
  readonly label: string;
  readonly shape: ModuleShape;
  readonly linked: ReadonlyMap<string, PreparedModule>;
}

/** Checks a module. INVALID_INPUT where it is none, or wants what it cannot have. */
export async function prepareModule({ label, bytes, memoryMiB, linked }: ModuleToHost): Promise<PreparedModule> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new HadronError("INVALID_INPUT", `${label}: ${why}.`, { cause });
  };
  let shape: ModuleShape;
  try {
    shape = inspectModule(bytes);
  } catch (error) {
    if (!(error instanceof MalformedModule)) throw error;
    return refuse(`it is no WebAssembly module: ${error.message}`, error);
  }
  const found = new Map<string, PreparedModule>();
  for (const name of new Set(shape.imports.map(({ module }) => module))) {
    if (isKnown(name)) continue;
    const module = await linked(name);
    if (module === undefined)
      refuse(`it imports functions of "${name}", and there is no module of that name: register it first`);
    else found.set(name, module);
  }
  const ceiling = { memoryPages: (memoryMiB * 2 ** 20) / PAGE_BYTES, tableElements: MAX_TABLE_ELEMENTS };
  const shapes = new Map([...found].map(([name, module]) => [name, module.shape]));
  const problem = findExcess(shape, ceiling) ?? findUnbound(shape, shapes);
  if (problem !== undefined) refuse(problem);
  return { label, shape, ...holdModule(bytes, shape, ceiling), linked: found };
}
