import { HadronError } from "@hadron/core";
import fc from "fast-check";
import { inspectModule } from "../src/module/inspect.ts";
import { loadModule } from "../src/module/load.ts";
import { bytesOf } from "./at.ts";

/** What a fuzzed module may grow to. */
const CEILING = { memoryPages: 8, tableElements: 1000 };

/** Modules of the tests, of each compiler. */
const MODULES = ["uppercase", "math", "web", "counter", "old-seek", "primes", "interop", "forger", "spinning-start"];

/** Bytes of a module in some places of which others stand, or that ends before its end. */
export const mutants: fc.Arbitrary<Uint8Array> = fc
  .record({
    name: fc.constantFrom(...MODULES),
    changes: fc.array(fc.record({ at: fc.nat(), how: fc.constantFrom("set", "cut", "put"), byte: fc.nat(255) }), {
      maxLength: 6,
    }),
    // What modules say of themselves is at their beginning: most changes of code are refused by the machine.
    head: fc.boolean(),
    kept: fc.oneof(
      { weight: 9, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
    ),
  })
  .map(({ name, changes, head, kept }) => {
    const bytes = [...bytesOf(name)];
    for (const { at, how, byte } of changes) {
      const place = at % (head ? Math.min(200, bytes.length) : bytes.length);
      if (how === "set") bytes[place] = byte;
      else if (how === "cut") bytes.splice(place, 1 + (byte % 8));
      else bytes.splice(place, 0, byte);
    }
    return Uint8Array.from(bytes.slice(0, Math.ceil(bytes.length * kept)));
  });

/** A number in LEB128, as long as one may be that says the same. */
const leb = (value: number, longer = 0): number[] => {
  const bytes: number[] = [];
  for (let rest = value; bytes.length === 0 || rest > 0; rest = Math.floor(rest / 128)) bytes.push(rest % 128);
  while (bytes.length < Math.min(5, bytes.length + longer) && longer-- > 0) bytes.push(0);
  return bytes.map((low, place) => (place < bytes.length - 1 ? low | 0x80 : low));
};
const text = (value: string) => [...leb(Buffer.byteLength(value)), ...Buffer.from(value)];
const section = (id: number, content: readonly number[], longer = 0) => [
  id,
  ...leb(content.length, longer),
  ...content,
];

const limits = fc
  .record({ min: fc.integer({ min: 1, max: 9 }), more: fc.option(fc.nat(20), { nil: undefined }), longer: fc.nat(3) })
  .map(({ min, more, longer }) => {
    const max = more === undefined ? [] : leb(min + more, longer);
    return [more === undefined ? 0 : 1, ...leb(min, longer), ...max];
  });

/** A module with any memory and tables, its own or imported, whose `grow` and `size` are of its memory. */
export const shapes: fc.Arbitrary<Uint8Array> = fc
  .record({
    memory: limits,
    isImported: fc.boolean(),
    tables: fc.array(limits, { maxLength: 3 }),
    customs: fc.array(fc.string({ maxLength: 6 }), { minLength: 9, maxLength: 9 }),
    wasCustom: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
    longer: fc.nat(3),
    data: fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }),
  })
  .map(({ memory, isImported, tables, customs, wasCustom, longer, data }) => {
    const grow = [0, 0x20, 0, 0x40, 0, 0x0b];
    const size = [0, 0x3f, 0, 0x0b];
    const parts = [
      section(1, [2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 1, 0x7f], longer),
      isImported ? section(2, [1, ...text("env"), ...text("mem"), 2, ...memory], longer) : [],
      section(3, [2, 0, 1]),
      tables.length === 0 ? [] : section(4, [tables.length, ...tables.flatMap((table) => [0x70, ...table])]),
      isImported ? [] : section(5, [1, ...memory], longer),
      section(7, [2, ...text("grow"), 0, 0, ...text("size"), 0, 1], longer),
      section(10, [2, grow.length, ...grow, size.length, ...size]),
      data === undefined ? [] : section(11, [1, 0, 0x41, 0, 0x0b, ...leb(data.length), ...data]),
    ];
    const custom = (place: number) => (wasCustom[place] ? section(0, text(customs[place] ?? "")) : []);
    return Uint8Array.of(
      0,
      97,
      115,
      109,
      1,
      0,
      0,
      0,
      ...parts.flatMap((part, n) => [...custom(n), ...part]),
      ...custom(8),
    );
  });

/** Loads bytes as a module. Undefined where they are refused as they should be; anything else that is thrown is a defect. */
export function load(bytes: Uint8Array, start?: string) {
  const options = { label: "fuzzed", start, linked: new Map(), ceiling: CEILING };
  try {
    return loadModule(bytes, options);
  } catch (error) {
    if (error instanceof HadronError && error.code === "INVALID_DECLARATION") return undefined;
    throw error;
  }
}

/** What holds of whatever was loaded: it is a module that does the same, and is held to its limits. */
export function checkHeld(bytes: Uint8Array, loaded: NonNullable<ReturnType<typeof load>>): void {
  new WebAssembly.Module(loaded.bytes);
  if (JSON.stringify(inspectModule(bytes).exports) !== JSON.stringify(inspectModule(loaded.bytes).exports)) {
    throw new Error("it exports something else than before");
  }
  const { memories, tables, imports } = inspectModule(loaded.bytes);
  const all = imports.flatMap((entry) => (entry.kind === "memory" ? [entry.limits] : []));
  for (const { max = Infinity } of [...memories, ...all])
    if (max > CEILING.memoryPages) throw new Error(`a memory of ${max} pages`);
  for (const { max = Infinity } of tables)
    if (max > CEILING.tableElements) throw new Error(`a table of ${max} elements`);
}

/** Grows the memory of one of {@link shapes} page by page, and returns how many it has in the end. */
export function growAll({ bytes, memory }: NonNullable<ReturnType<typeof load>>): number {
  if (memory === undefined) throw new Error("its memory is not the host's");
  const given = new WebAssembly.Memory({ initial: memory.min, maximum: memory.max });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    [memory.module]: { [memory.name]: given },
  });
  const grow = exports.grow as (pages: number) => number;
  for (let n = 0; n < 40 && grow(1) !== -1; n++);
  return (exports.size as () => number)();
}
