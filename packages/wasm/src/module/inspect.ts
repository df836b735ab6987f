import { ByteReader, MalformedModule } from "./byte-reader.ts";
import type { Export, Import, Limits, ModuleShape, Signature, ValueType } from "./shape.ts";

const SECTION = { type: 1, import: 2, function: 3, table: 4, memory: 5, export: 7, start: 8 } as const;

/** The type of what a module takes for a function that it has not. */
interface FunctionSpace {
  readonly types: readonly Signature[];
  /** The signature of each function, those that are imported first. */
  readonly functions: Signature[];
}

/** The sections of a module: their number, and where their contents are. */
export function* sectionsOf(
  bytes: Uint8Array,
): Generator<{ readonly id: number; readonly header: number; readonly content: ByteReader; readonly end: number }> {
  const reader = new ByteReader(bytes);
  if (bytes.length < 8) throw new MalformedModule(`it has ${bytes.length} bytes`);
  const magic = [...bytes.subarray(0, 4)];
  if (magic.join() !== "0,97,115,109") throw new MalformedModule(`it begins with ${startOf(bytes)}`);
  reader.skip(4);
  const [version, , layer] = [reader.byte(), reader.byte(), reader.byte(), reader.byte()];
  if (layer === 1) throw new MalformedModule("it is a component, and not a module");
  if (version !== 1) throw new MalformedModule(`its version is ${version}, and should be 1`);
  while (!reader.isAtEnd) {
    const header = reader.at;
    const id = reader.byte();
    const length = reader.unsigned();
    yield { id, header, content: reader.part(length), end: reader.at };
  }
}

/** What a module imports, exports and needs. Throws {@link MalformedModule} where the bytes are none. */
export function inspectModule(bytes: Uint8Array): ModuleShape {
  const imports: Import[] = [];
  const exports: Export[] = [];
  const memories: Limits[] = [];
  const tables: Limits[] = [];
  let space: FunctionSpace = { types: [], functions: [] };
  let hasStart = false;
  for (const { id, content } of sectionsOf(bytes)) {
    switch (id) {
      case SECTION.type:
        space = { types: content.list(() => readSignature(content)), functions: [] };
        break;
      case SECTION.import:
        imports.push(...content.list(() => readImport(content, space)));
        break;
      case SECTION.function:
        space.functions.push(...content.list(() => typeAt(space, content.unsigned())));
        break;
      case SECTION.table:
        tables.push(...content.list(() => readTable(content)));
        break;
      case SECTION.memory:
        memories.push(...content.list(() => readLimits(content)));
        break;
      case SECTION.export:
        exports.push(...content.list(() => readExport(content, space)));
        break;
      case SECTION.start:
        hasStart = true;
        break;
    }
  }
  // What sections say of themselves is read above; whether the code is any, the machine says.
  if (!WebAssembly.validate(toBuffer(bytes))) throw new MalformedModule(whyInvalid(bytes));
  return { imports, exports, memories, tables, hasStart };
}

/** Bytes as WebAssembly's own functions take them: on no memory that is shared. */
function toBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

function whyInvalid(bytes: Uint8Array): string {
  try {
    new WebAssembly.Module(toBuffer(bytes));
    return "it is not valid";
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^WebAssembly\.Module\(\): /, "") : String(error);
  }
}

const VALUE_TYPES: Readonly<Record<number, ValueType>> = {
  127: "i32",
  126: "i64",
  125: "f32",
  124: "f64",
  123: "v128",
  112: "funcref",
  111: "externref",
};
/** References that say to what: a type follows them. */
const TYPED_REFERENCES = [0x63, 0x64];

function readValueType(reader: ByteReader): ValueType {
  const byte = reader.byte();
  if (TYPED_REFERENCES.includes(byte)) reader.unsigned();
  return VALUE_TYPES[byte] ?? "reference";
}

function readSignature(reader: ByteReader): Signature {
  const form = reader.byte();
  if (form !== 0x60) {
    throw new MalformedModule(
      `it has types with garbage collection (form 0x${form.toString(16)}), which are not supported`,
    );
  }
  return { params: reader.list(() => readValueType(reader)), results: reader.list(() => readValueType(reader)) };
}

function readLimits(reader: ByteReader): Limits {
  const from = reader.at;
  const flags = reader.byte();
  const is64 = (flags & 4) !== 0;
  const width = is64 ? 10 : 5;
  const min = reader.unsigned(width);
  const max = (flags & 1) === 0 ? undefined : reader.unsigned(width);
  return { min, max, shared: (flags & 2) !== 0, is64, from, to: reader.at };
}

/** A table may say what its elements are at first: `0x40 0x00`, its type, and an expression. */
function readTable(reader: ByteReader): Limits {
  const type = reader.byte();
  if (type === 0x40) throw new MalformedModule("it has a table with an initial value, which is not supported");
  if (TYPED_REFERENCES.includes(type)) reader.unsigned();
  return readLimits(reader);
}

function readImport(reader: ByteReader, space: FunctionSpace): Import {
  const module = reader.name();
  const name = reader.name();
  const kind = reader.byte();
  switch (kind) {
    case 0: {
      const signature = typeAt(space, reader.unsigned());
      space.functions.push(signature);
      return { module, name, kind: "function", signature };
    }
    case 1:
      return { module, name, kind: "table", limits: readTable(reader) };
    case 2:
      return { module, name, kind: "memory", limits: readLimits(reader) };
    case 3:
      readValueType(reader);
      reader.byte();
      return { module, name, kind: "global" };
    case 4:
      reader.byte();
      reader.unsigned();
      return { module, name, kind: "tag" };
    default:
      throw new MalformedModule(`its import "${module}.${name}" is of a kind ${kind} that is not known`);
  }
}

const EXPORT_KINDS = ["function", "table", "memory", "global", "tag"] as const;

function readExport(reader: ByteReader, space: FunctionSpace): Export {
  const name = reader.name();
  const kind = EXPORT_KINDS[reader.byte()];
  const index = reader.unsigned();
  if (kind === undefined) throw new MalformedModule(`its export "${name}" is of a kind that is not known`);
  if (kind !== "function") return { name, kind };
  const signature = space.functions[index];
  if (signature === undefined) throw new MalformedModule(`its export "${name}" is function ${index}, which it has not`);
  return { name, kind, signature };
}

function typeAt({ types }: FunctionSpace, index: number): Signature {
  const signature = types[index];
  if (signature === undefined) throw new MalformedModule(`it refers to type ${index}, which it has not`);
  return signature;
}

/** The first bytes, as somebody would recognize them. */
function startOf(bytes: Uint8Array): string {
  const first = [...bytes.subarray(0, 4)];
  if (first.join() === "127,69,76,70") return "the header of a program for Linux (ELF)";
  if (first[0] === 0x1f && first[1] === 0x8b) return "the header of a gzip file";
  const isText = first.every((byte) => byte >= 0x09 && byte < 0x7f);
  return isText ? JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 12))) : `the bytes ${first.join(" ")}`;
}
