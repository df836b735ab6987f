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

/** The same module, whose memories and tables cannot grow beyond the ceiling. See {@link findExcess}. */
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
