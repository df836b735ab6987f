import { HadronError } from "../errors.ts";
import { USER_KEY } from "../scope/user.ts";
import {
  addNeedsToHandler,
  type CaptureDefinition,
  definePart,
  type Given,
  givenDefinition,
  type Needed,
  type PartDefinition,
  type ServiceDefinition,
  serviceDefinition,
  toDefinition,
} from "./definition.ts";
import { procedureOptions, procedure as withOptions } from "./procedure.ts";
import { type Resource, resourceDefinition } from "./resource.ts";
import { recordSite } from "./site.ts";
import type { AnyService, Api, Handler, Part, PartOf } from "./types.ts";

const MIB = 1024 * 1024;

/** What a part needs of the replicas in which it runs. */
export interface Needs {
  /** Environment variables of each replica. @default {} */
  readonly env?: Readonly<Record<string, string>>;
  /** Names of secrets: read from the environment of whoever deploys, found in `process.env` in a replica. @default [] */
  readonly secrets?: readonly string[];
  /**
   * Names of secrets that the runner makes once, at the first `up`, and keeps: the same in every later one. They are found
   * in `process.env` of the services that name them, and nowhere else. @default []
   */
  readonly generated?: readonly string[];
  /** Files and folders to take along, relative to the app file; a replica finds them relative to its working directory. @default [] */
  readonly files?: readonly string[];
  /** Cores and memory that one replica may use. @default 1 core, 512 MiB */
  readonly capacity?: { readonly cpu?: number; readonly memoryMiB?: number };
  /**
   * A folder that outlives the replica, for services whose replica is one of its kind: a single replica, or a shard. Found
   * at `context.replica.storage`. @default none
   */
  readonly storage?: { readonly path: string; readonly sizeMiB?: number };
  /**
   * The services that it calls, beside a pattern's children, told by `describe` and looked for in the app; and the resources,
   * secrets and captured values that it uses, which come along. @default says nothing
   */
  readonly uses?: readonly (AnyService | Resource | Given)[];
  /**
   * What `describe` shows of a part, by name, e.g. the digest of a file that it brings. Part of what replicas compare, so that
   * one with another detail refuses to start. @default {}
   */
  readonly details?: Readonly<Record<string, string>>;
}

/** The options that say a need. */
export const NEEDS = ["env", "secrets", "generated", "files", "capacity", "storage", "uses", "details"] as const;

/**
 * Makes a part bring what it needs, wherever it is used: what its parts need, a service's replicas get. A handler stays a
 * handler, and may be one of several of a service. A pattern's needs are its root's; each child brings its own.
 *
 * INVALID_DECLARATION where an option is out of range, or the part is a service, whose needs are its options.
 *
 * @example
 * const resize = withNeeds((photo: Uint8Array) => run(photo), { files: ["resize.wasm"], capacity: { memoryMiB: 256 } });
 */
export function withNeeds<A extends Handler>(part: A, needs: Needs, by?: string): A;
export function withNeeds<A extends Api>(part: PartOf<A>, needs: Needs, by?: string): Part<A>;
export function withNeeds(part: unknown, needs: Needs, by = "a part"): unknown {
  checkKeys(by, needs);
  const needed = resolveNeeds(by, needs);
  const definition = toDefinition(part, by);
  if (definition.kind === "service") {
    fail(by, `"${definition.name}" is a service: say what it needs in its own options`);
  }
  if (typeof part === "function" && definition.kind === "handlers") {
    const handler = part as Handler;
    const needy = withOptions(procedureOptions(handler), (input, context) => handler(input, context));
    for (const key of Reflect.ownKeys(handler)) {
      if (typeof key === "symbol" && !Object.hasOwn(needy, key)) {
        Object.defineProperty(needy, key, Object.getOwnPropertyDescriptor(handler, key) ?? {});
      }
    }
    addNeedsToHandler(needy, [needed]);
    return needy;
  }
  return definePart({}, { ...definition, needs: [...definition.needs, needed] } as PartDefinition);
}

/** Checks needs, and leaves nothing open. INVALID_DECLARATION where one is out of range. */
export function resolveNeeds(by: string, needs: Needs): Needed {
  const { env = {}, secrets = [], generated = [], files = [], capacity = {}, storage, uses = [], details = {} } = needs;
  for (const [name, value] of Object.entries(env)) {
    checkVariable(by, "env", name);
    if (typeof value !== "string") fail(by, `env "${name}" is ${typeof value}, and should be a string`);
    const problem = problemOfWord(`${name}=${value}`);
    if (problem !== undefined) {
      fail(by, `env "${name}" ${problem}; put it into a file, and take that along with files, or keep it with capture`);
    }
  }
  const given = uses.flatMap((value) => givenDefinition(value) ?? []);
  for (const name of secrets) checkVariable(by, "secret", name);
  for (const name of generated) if (name !== USER_KEY) checkVariable(by, "generated secret", name);
  for (const file of files) {
    if (
      typeof file !== "string" ||
      file === "" ||
      file.startsWith("/") ||
      /\/\.\.(?:\/|$)/.test(file.replace(/^(?:\.\.\/)+/, ""))
    ) {
      fail(by, `files: "${file}" should be a path as seen from the app file's folder: "data", "../shared/words.txt"`);
    }
  }
  const { cpu, memoryMiB } = capacity;
  if (cpu !== undefined && !(cpu > 0 && cpu <= 1024)) fail(by, `capacity.cpu is ${cpu}, and should be cores, above 0`);
  if (memoryMiB !== undefined) checkWhole(by, "capacity.memoryMiB", memoryMiB, 16, 1 << 24);
  return {
    by,
    site: recordSite(),
    env: { ...env },
    secrets: [...new Set([...secrets, ...given.flatMap(({ kind, name }) => (kind === "secret" ? [name] : []))])],
    generated: [...generated],
    files: [...files],
    capacity: {
      ...(cpu === undefined ? {} : { cpu }),
      ...(memoryMiB === undefined ? {} : { memoryBytes: memoryMiB * MIB }),
    },
    storage: storage === undefined ? null : resolveStorage(by, storage),
    uses: uses.flatMap((value, position) =>
      resourceDefinition(value) || givenDefinition(value) ? [] : [toService(by, value, position)],
    ),
    resources: uses.flatMap((value) => resourceDefinition(value) ?? []),
    details: { ...details },
    captures: given.filter((definition): definition is CaptureDefinition => definition.kind === "capture"),
  };
}

/** The longest word that a process can be started with: Linux's MAX_ARG_STRLEN, with the byte that ends it. */
const MOST_WORD_BYTES = 128 * 1024 - 1;

/** Why a process cannot be started with this as an argument or a variable, in words. */
export function problemOfWord(word: string): string | undefined {
  if (word.includes("\0")) return "has a NUL in it, which no process can be given";
  const bytes = Buffer.byteLength(word);
  return bytes > MOST_WORD_BYTES ? `is ${bytes} bytes, and may be ${MOST_WORD_BYTES}` : undefined;
}

/** Whether any need is said. */
export function hasNeeds(needs: Needs): boolean {
  return NEEDS.some((key) => needs[key] !== undefined);
}

/** Checks a whole number of an option. */
export function checkWhole(by: string, option: string, value: number, from: number, to: number): number {
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  return fail(by, `${option} is ${value}, and should be a whole number from ${from} to ${to}`);
}

function checkKeys(by: string, needs: Needs): void {
  const unknown = Object.keys(needs).find((key) => !(NEEDS as readonly string[]).includes(key));
  if (unknown !== undefined) fail(by, `knows no need "${unknown}"; there are ${NEEDS.join(", ")}`);
}

/** Checks the name of an environment variable. */
export function checkVariable(by: string, what: string, name: string): void {
  if (!/^[A-Za-z_]\w*$/.test(name)) fail(by, `${what} "${name}" cannot name an environment variable`);
  if (name.startsWith("HADRON_")) fail(by, `${what} "${name}": names that begin with HADRON_ are Hadron's own`);
}

function resolveStorage(
  by: string,
  { path, sizeMiB = 1024 }: NonNullable<Needs["storage"]>,
): NonNullable<Needed["storage"]> {
  if (typeof path !== "string" || path === "") fail(by, "storage.path should be the path of a folder");
  return { path, sizeBytes: checkWhole(by, "storage.sizeMiB", sizeMiB, 1, 1 << 30) * MIB };
}

function toService(by: string, value: unknown, position: number): ServiceDefinition {
  return (
    serviceDefinition(value) ??
    fail(
      by,
      `uses: the ${position + 1}. is neither a service, a resource, a secret nor a captured value; give the value that service(name, handler) made`,
    )
  );
}

function fail(by: string, what: string): never {
  throw new HadronError("INVALID_DECLARATION", `${by}: ${what}.`);
}
