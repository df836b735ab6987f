import { toUnsigned } from "./byte-reader.ts";
import { sectionsOf } from "./inspect.ts";
import type { Limits, ModuleShape } from "./shape.ts";

/** Bytes of a page of memory. */
export const PAGE_BYTES = 65_536;
/** Elements that a table may have. Compilers make one for each function whose address is taken. */
export const MAX_TABLE_ELEMENTS = 1_000_000;

/** What a module may grow to. */
export interface Ceiling {
  readonly memoryPages: number;
  readonly tableElements: number;
}

/** Why a module cannot be held to its limits; undefined where it can. */
export function findExcess({ imports, memories, tables }: ModuleShape, ceiling: Ceiling): string | undefined {
  const imported = (wanted: "memory" | "table") =>
    imports.flatMap((entry) => (entry.kind === wanted ? [entry.limits] : []));
  for (const memory of [...imported("memory"), ...memories]) {
    if (memory.is64) return "its memory has addresses of 64 bits, which are not supported";
    if (memory.shared) return "its memory is shared between threads, which are not supported";
    if (memory.min > ceiling.memoryPages) {
      const [needed, given] = [memory.min, ceiling.memoryPages].map((pages) => (pages * PAGE_BYTES) / 2 ** 20);
      return `it needs ${needed} MiB of memory at once, and may have ${given}; raise memoryMiB`;
    }
  }
  for (const table of [...imported("table"), ...tables]) {
    if (table.min > ceiling.tableElements) {
      return `it has a table of ${table.min} elements, and may have ${ceiling.tableElements}`;
    }
  }
  return undefined;
}

/** The memory that a module is given by its host, in pages. */
export interface HostMemory {
  readonly module: string;
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

/** A module that is held to its limits. */
export interface HeldModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Undefined: it has none, or several of its own. */
  readonly memory: HostMemory | undefined;
}

/**
 * The same module, whose memories and tables cannot grow beyond the ceiling. See {@link findExcess}. Its own memory becomes one that it
 * imports: so the host has it before anything runs, and can use it again.
 */
export function holdModule(bytes: Uint8Array, shape: ModuleShape, ceiling: Ceiling): HeldModule {
  const limited = limitModule(bytes, shape, ceiling);
  const toMemory = ({ min, max }: Limits, { module, name }: { module: string; name: string }) => ({
    module,
    name,
    min,
    max: Math.min(max ?? ceiling.memoryPages, ceiling.memoryPages),
  });
  const imported = shape.imports.find((entry) => entry.kind === "memory");
  if (imported?.kind === "memory") return { bytes: limited, memory: toMemory(imported.limits, imported) };
  const [own, ...others] = shape.memories;
  if (own === undefined || others.length > 0) return { bytes: limited, memory: undefined };
  const memory = toMemory(own, OWN_MEMORY);
  return { bytes: importMemory(limited, memory), memory };
}

/** What a module's own memory is called as an import. */
const OWN_MEMORY = { module: "dev.hadron", name: "memory" };
const SECTION = { custom: 0, type: 1, import: 2, memory: 5 } as const;

/** Its number stays 0: all that is imported is counted first. */
function importMemory(bytes: Uint8Array, { module, name, min, max }: HostMemory): Uint8Array<ArrayBuffer> {
  const text = (value: string) => [...toUnsigned(value.length), ...Buffer.from(value)];
  const entry = Uint8Array.of(...text(module), ...text(name), 2, 1, ...toUnsigned(min), ...toUnsigned(max));
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  let isThere = false;
  for (const { id, header, content, end } of sectionsOf(bytes)) {
    const isFirst = !isThere && id !== SECTION.custom && id !== SECTION.type;
    if (isFirst) {
      const count = id === SECTION.import ? content.unsigned() : 0;
      const others = id === SECTION.import ? bytes.subarray(content.at, end) : new Uint8Array();
      const size = toUnsigned(count + 1);
      parts.push(Uint8Array.of(SECTION.import, ...toUnsigned(size.length + others.length + entry.length), ...size));
      parts.push(others, entry);
      isThere = true;
    }
    if (id !== SECTION.memory && !(isFirst && id === SECTION.import)) parts.push(bytes.subarray(header, end));
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** The same module, whose memories and tables cannot grow beyond the ceiling. */
export function limitModule(bytes: Uint8Array, shape: ModuleShape, ceiling: Ceiling): Uint8Array<ArrayBuffer> {
  const changes = [
    ...shape.memories.map((limits) => toChange(limits, ceiling.memoryPages)),
    ...shape.tables.map((limits) => toChange(limits, ceiling.tableElements)),
    ...shape.imports.flatMap((entry) => {
      if (entry.kind === "memory") return [toChange(entry.limits, ceiling.memoryPages)];
      return entry.kind === "table" ? [toChange(entry.limits, ceiling.tableElements)] : [];
    }),
  ].sort((a, b) => a.from - b.from);
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  for (const { id, header, content, end } of sectionsOf(bytes)) {
    const inside = changes.filter(({ from, to }) => from >= content.at && to <= end);
    if (inside.length === 0) {
      parts.push(bytes.subarray(header, end));
      continue;
    }
    const section: Uint8Array[] = [];
    let at = content.at;
    for (const { from, to, limits } of inside) {
      section.push(bytes.subarray(at, from), limits);
      at = to;
    }
    section.push(bytes.subarray(at, end));
    const length = section.reduce((sum, part) => sum + part.length, 0);
    parts.push(Uint8Array.of(id, ...toUnsigned(length)), ...section);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function toChange(limits: Limits, most: number): { from: number; to: number; limits: Uint8Array } {
  const max = Math.min(limits.max ?? most, most);
  return {
    from: limits.from,
    to: limits.to,
    limits: Uint8Array.of(1, ...toUnsigned(limits.min), ...toUnsigned(max)),
  };
}
