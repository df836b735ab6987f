import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HadronError } from "@hadron/core";
import type { ComponentEntry } from "../guest/protocol.ts";
import { inspectModule } from "../module/inspect.ts";
import { type Ceiling, findExcess, limitModule } from "../module/limit.ts";
import { isImportable } from "../wasi2/imports.ts";
import { type ComponentRecord, toCamelCase, transpile } from "./transpiled.ts";

/** A component that was looked at and can be run within its limits. */
export interface LoadedComponent {
  readonly kind: "component";
  /** How messages name it. */
  readonly label: string;
  /** Of the component. */
  readonly sha256: string;
  /** Of all that was made of it and runs. */
  readonly madeSha256: string;
  /** The JavaScript that joins them. */
  readonly glue: string;
  /** Held to their limits, by the names that the glue has for them. */
  readonly cores: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  readonly hasStart: boolean;
  readonly entryPoint: ComponentEntry;
}

export interface LoadComponentOptions {
  readonly label: string;
  readonly path: string;
  readonly start: string | undefined;
  readonly ceiling: Ceiling;
}

/** Whether bytes are a component's: after the magic number, a version of the layer above modules. */
export function isComponent(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4)).equals(Buffer.from("\0asm")) && bytes[6] === 1 && bytes[7] === 0;
}

/**
 * Checks a component. INVALID_DECLARATION where it wants what it cannot have, has nothing that could be called, or there is nothing to
 * make modules of it.
 */
export function loadComponent(bytes: Uint8Array, options: LoadComponentOptions): LoadedComponent {
  const { label, path, start, ceiling } = options;
  const refuse = (why: string): never => {
    throw new HadronError("INVALID_DECLARATION", `${label}: ${why}.`);
  };
  const { folder, record } = transpile(label, path, bytes);
  const missing = record.imports.find((name) => !isImportable(name));
  if (missing !== undefined)
    refuse(`it imports ${missing}, which there is not: WASI 0.2 is all that a component can import`);
  const entryPoint = findEntry(record, start);
  if (typeof entryPoint === "string") return refuse(entryPoint);
  const found = record.cores.map((name) => {
    const core = new Uint8Array(readFileSync(join(folder, name)));
    return { name, core, shape: inspectModule(core) };
  });
  const glue = join(folder, record.glue);
  // What it may have is for all of its memories together.
  const memories = found.reduce((count, { shape }) => count + shape.memories.length, 0);
  const each = { ...ceiling, memoryPages: Math.floor(ceiling.memoryPages / Math.max(1, memories)) };
  const problem = found.map(({ shape }) => findExcess(shape, each)).find((excess) => excess !== undefined);
  if (problem !== undefined) refuse(problem);
  return {
    kind: "component",
    label,
    sha256: record.sha256,
    madeSha256: digestOf([readFileSync(glue), ...found.map(({ core }) => core)]),
    glue,
    cores: new Map(found.map(({ name, core, shape }) => [name, limitModule(core, shape, each)])),
    hasStart: found.some(({ shape }) => shape.hasStart),
    entryPoint,
  };
}

function digestOf(parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** What is called of a component; why there is nothing, in words, where there is nothing. */
function findEntry({ exports, functions }: ComponentRecord, start: string | undefined): ComponentEntry | string {
  if (start === undefined) {
    if (exports.some((name) => name.startsWith("wasi:http/incoming-handler@"))) return { kind: "request" };
    if (exports.some((name) => name.startsWith("wasi:cli/run@"))) return { kind: "bytes" };
  }
  const listed = functions.length === 0 ? "it exports no function" : `it exports ${functions.join(", ")}`;
  const wanted = start === undefined ? (functions.length === 1 ? functions[0] : undefined) : toCamelCase(start);
  if (wanted === undefined) return `${listed}: say which is called, with start`;
  const name = functions.find((other) => other === wanted);
  if (name === undefined) return `it has no function "${start}": ${listed}`;
  const [first = "", second] = name.split(".");
  return second === undefined
    ? { kind: "values", of: undefined, name: first }
    : { kind: "values", of: first, name: second };
}
