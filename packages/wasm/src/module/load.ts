import { createHash } from "node:crypto";
import { HadronError } from "@hadron/core";
import { findUnbound, type Linked } from "./binding.ts";
import { MalformedModule } from "./byte-reader.ts";
import { type EntryPoint, findEntryPoint } from "./entry-point.ts";
import { inspectModule } from "./inspect.ts";
import { type Ceiling, findExcess, type HeldModule, holdModule } from "./limit.ts";
import type { ModuleShape } from "./shape.ts";

/** Larger modules are refused: they would take a replica's start with them. */
const MAX_MODULE_BYTES = 256 * 2 ** 20;

/** A module that was looked at and can be run within its limits. */
export interface LoadedModule extends HeldModule {
  readonly kind: "module";
  /** How messages name it. */
  readonly label: string;
  /** Of the bytes as they were given. 64 hexadecimal digits of SHA-256. */
  readonly sha256: string;
  readonly shape: ModuleShape;
  readonly entryPoint: EntryPoint;
}

export interface LoadOptions {
  readonly label: string;
  readonly start: string | undefined;
  readonly linked: Linked;
  readonly ceiling: Ceiling;
}

/** Checks a module. INVALID_DECLARATION where it is none, wants what it cannot have, or has nothing that could be called. */
export function loadModule(bytes: Uint8Array, { label, start, linked, ceiling }: LoadOptions): LoadedModule {
  const refuse = (why: string): never => {
    throw new HadronError("INVALID_DECLARATION", `${label}: ${why}.`);
  };
  if (bytes.length > MAX_MODULE_BYTES) refuse(`it has ${bytes.length} bytes, and ${MAX_MODULE_BYTES} are the most`);
  const shape = inspect(bytes, label);
  const problem = findExcess(shape, ceiling) ?? findUnbound(shape, linked);
  if (problem !== undefined) refuse(problem);
  const entryPoint = findEntryPoint(shape, start);
  if (typeof entryPoint === "string") return refuse(entryPoint);
  return {
    kind: "module",
    label,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    shape,
    entryPoint,
    ...holdModule(bytes, shape, ceiling),
  };
}

function inspect(bytes: Uint8Array, label: string): ModuleShape {
  try {
    return inspectModule(bytes);
  } catch (error) {
    if (!(error instanceof MalformedModule)) throw error;
    throw new HadronError("INVALID_DECLARATION", `${label} is no WebAssembly module: ${error.message}.`, {
      cause: error,
    });
  }
}
