import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { HadronError, inWords } from "@hadron/core/spi";

/** The part of jco that makes modules and JavaScript of a component. It is there where a component is built for, and not in replicas. */
const JCO = "@bytecodealliance/jco-transpile";
/** What of the folder is written last, and says what the rest was made of. */
const RECORD = "component.json";
/** Changes with what is made. */
const FORM = 1;
const MOST_OUTPUT = 512 * 2 ** 20;

/** What a component was made into. */
export interface Transpiled {
  readonly folder: string;
  readonly record: ComponentRecord;
}

/** What is known of a component without looking into it again. */
export interface ComponentRecord {
  readonly form: number;
  /** Of the component. */
  readonly sha256: string;
  /** The JavaScript that joins its modules. */
  readonly glue: string;
  readonly cores: readonly string[];
  /** Interfaces, without their versions. */
  readonly imports: readonly string[];
  /** Functions of its own, and `interface.function` of the interfaces that it exports, as the glue names them. */
  readonly functions: readonly string[];
  readonly exports: readonly string[];
}

/** Where that is: beside the component, so that it is found from wherever that is. */
export function folderOf(path: string): string {
  return `${path.replace(/\.wasm$/, "")}.jco`;
}

/**
 * What a component was made into: as it lies beside it, or made now, where that is not there or of another one. INVALID_DECLARATION
 * where there is no jco for that.
 */
export function transpile(label: string, path: string, bytes: Uint8Array): Transpiled {
  const folder = folderOf(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const kept = readRecord(folder);
  if (kept?.sha256 === sha256 && kept.form === FORM) return { folder, record: kept };
  const made = run(label, findJco(label, path), bytes);
  const record = toRecord(made, sha256);
  write(folder, made.files, record);
  return { folder, record };
}

function readRecord(folder: string): ComponentRecord | undefined {
  const path = join(folder, RECORD);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as ComponentRecord) : undefined;
}

function findJco(label: string, path: string): string {
  try {
    return pathToFileURL(createRequire(path).resolve(JCO)).href;
  } catch (cause) {
    const message = `${label} is a component, and what makes modules of those is not installed: npm install --save-dev ${JCO}`;
    throw new HadronError("INVALID_DECLARATION", message, { cause });
  }
}

interface Made {
  /** In base64. */
  readonly files: Readonly<Record<string, string>>;
  readonly imports: readonly string[];
  readonly exports: readonly (readonly [string, "function" | "instance"])[];
}

/** It has no other way than to be waited for, and a declaration does not wait. */
const PROGRAM = `
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { transpileBytes } = await import(process.argv[1]);
const { files, imports, exports } = await transpileBytes(Buffer.concat(chunks), {
  name: "component", instantiation: "sync", wasiShim: false, base64Cutoff: 0, emitTypescriptDeclarations: true,
});
const inBase64 = Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, Buffer.from(bytes).toString("base64")]));
process.stdout.write(JSON.stringify({ files: inBase64, imports, exports }));
`;

function run(label: string, jco: string, bytes: Uint8Array): Made {
  try {
    const output = execFileSync(process.execPath, ["--input-type=module", "--eval", PROGRAM, jco], {
      input: bytes,
      encoding: "utf8",
      maxBuffer: MOST_OUTPUT,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    return JSON.parse(output) as Made;
  } catch (cause) {
    const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr) : "";
    const [reason = inWords(cause)] = /^\S*Error.*$/m.exec(said) ?? [];
    throw new HadronError("INVALID_DECLARATION", `${label}: jco makes nothing of it: ${reason}`, { cause });
  }
}

function toRecord({ files, imports, exports }: Made, sha256: string): ComponentRecord {
  return {
    form: FORM,
    sha256,
    glue: "component.mjs",
    cores: Object.keys(files).filter((path) => path.endsWith(".wasm")),
    imports,
    functions: exports.flatMap(([name, kind]) =>
      kind === "function" ? [toCamelCase(name)] : functionsOf(files, name).map((inner) => `${name}.${inner}`),
    ),
    exports: exports.map(([name]) => name),
  };
}

/** The functions of an interface, by the declarations that jco writes of it. An interface is exported by its whole name and by its last part. */
function functionsOf(files: Made["files"], name: string): readonly string[] {
  if (name.includes(":")) return [];
  const declared = Object.entries(files).find(([path]) => path.endsWith(`-${toKebabCase(name)}.d.ts`));
  if (declared === undefined) return [];
  const text = Buffer.from(declared[1], "base64").toString();
  return [...text.matchAll(/^export function (\w+)\(/gm)].flatMap(([, inner]) => (inner === undefined ? [] : [inner]));
}

/** As the glue names what WIT names. */
export function toCamelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function toKebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** As a whole, or not at all: others may do the same now. */
function write(folder: string, files: Made["files"], record: ComponentRecord): void {
  const beside = `${folder}.${process.pid}`;
  const put = (path: string, content: string | Buffer) => {
    const target = join(beside, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  };
  for (const [path, bytes] of Object.entries(files)) {
    put(path === "component.js" ? record.glue : path, Buffer.from(bytes, "base64"));
  }
  put(RECORD, `${JSON.stringify(record, undefined, 2)}\n`);
  rmSync(folder, { recursive: true, force: true });
  renameSync(beside, folder);
}
