import type { ImageTopology, Readiness } from "./declare/containers/image-topology.ts";
import { definePart, type PartDefinition, type StandIn, toDefinition } from "./declare/definition.ts";
import type { Living } from "./declare/life.ts";
import { hasNeeds, NEEDS, type Needs, problemOfWord, resolveNeeds } from "./declare/needs.ts";
import type { ImageApi, Part, PartOf } from "./declare/types.ts";
import { HadronError, inWords } from "./errors.ts";

/** What can be said of an image, and what it needs wherever it is used. */
export interface ImageOptions<P extends string = string> extends Omit<Needs, "files"> {
  /** What it is started with. @default what the image says */
  readonly args?: readonly string[];
  /** Takes the place of its entry point. @default what the image says */
  readonly command?: readonly string[];
  /** The one port on which it listens; named `main`. @default none */
  readonly port?: number;
  /** The ports on which it listens, by name; the first is the main one, which `expose` is about. @default none */
  readonly ports?: Readonly<Record<P, number>>;
  /** When it is ready; ports by their names, `log` a regular expression. @default when its main port accepts connections */
  readonly ready?: Readiness;
  /**
   * A part that takes its place where no containers run: under the local runner and in tests. Its `[onStart]` says where each
   * port is. It has what the image needs: its storage, its environment, its secrets. @default none: such runners refuse the image
   */
  readonly standIn?: PartOf<Living>;
  /** The user that it runs as, by number; the group's number is the user's unless said. @default what the image or the runner says */
  readonly user?: { readonly uid: number; readonly gid?: number };
}

/**
 * A service that is any other container image. It is declared, waited for, found by its name, logged and deleted like
 * the rest, and has no procedures: callers talk to it by its own protocol, and its value says where it is.
 * Docker and Kubernetes run it; elsewhere its stand-in takes its place, if it has one.
 *
 * INVALID_DECLARATION where the reference or an option is none.
 *
 * @example
 * export const cache = service("cache", image("redis:7", { ports: { redis: 6379 } }));
 * const { host, port } = await cache.address("redis"); // in a handler, a test or a script
 */
export function image<const P extends string = "main">(
  reference: string,
  options: ImageOptions<P> = {},
): Part<ImageApi<P>> {
  if (typeof reference !== "string" || !/^[\w][\w.:@/-]*$/.test(reference)) {
    throw new HadronError("INVALID_DECLARATION", `image("${reference}") is no image reference, such as "redis:7".`);
  }
  const resolved = resolveImage(reference, options);
  const needs = hasNeeds(options) ? [resolveNeeds(`image("${reference}")`, options)] : [];
  const standIn = options.standIn === undefined ? undefined : toStandIn(reference, options.standIn);
  return definePart({}, { kind: "image", image: resolved, standIn, needs }) as Part<ImageApi<P>>;
}

const OWN_NEEDS = NEEDS.filter((need) => need !== "files");
const KNOWN = ["args", "command", "port", "ports", "ready", "user", "standIn", ...OWN_NEEDS];
/** As Kubernetes wants them (RFC 6335). */
const PORT_NAME = /^[a-z]([-a-z0-9]{0,13}[a-z0-9])?$/;

function resolveImage(reference: string, options: ImageOptions): ImageTopology {
  const fail = (what: string): never => {
    throw new HadronError("INVALID_DECLARATION", `image("${reference}"): ${what}.`);
  };
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) fail(`knows no option "${unknown}"; there are ${KNOWN.join(", ")}`);
  const { args = [], command, port, ready, user } = options;
  for (const [name, words] of Object.entries({ args, command })) {
    if (words === undefined) continue;
    if (!isWords(words)) fail(`${name} should be a list of strings`);
    for (const [at, word] of words.entries()) {
      const problem = problemOfWord(word);
      if (problem !== undefined) fail(`${name}[${at}] ${problem}`);
    }
  }
  if (command?.length === 0) fail("command is empty: leave it out, and the image says it");
  if (port !== undefined && options.ports !== undefined) fail("port and ports are said both: say ports alone");
  const ports: Readonly<Record<string, number>> = port === undefined ? { ...options.ports } : { main: port };
  for (const [name, number] of Object.entries(ports)) {
    if (!PORT_NAME.test(name)) {
      fail(`"${name}" cannot name a port: use lower-case letters, digits and "-", at most 15, beginning with a letter`);
    }
    if (!isWhole(number, 1, 65_535)) {
      fail(`port ${name} is ${number}, and should be a whole number from 1 to 65535`);
    }
  }
  for (const id of [user?.uid, user?.gid]) {
    if (id !== undefined && !isWhole(id, 0, 2 ** 31 - 1)) fail(`user: ${id} should be a number, from 0`);
  }
  const problem = ready === undefined ? undefined : problemOfReady(ready, Object.keys(ports));
  if (problem !== undefined) fail(`ready: ${problem}`);
  return {
    reference,
    args: [...args],
    ...(command === undefined ? {} : { command: [...command] }),
    ports,
    ...(ready === undefined ? {} : { ready }),
    ...(user === undefined ? {} : { user: { uid: user.uid, gid: user.gid ?? user.uid } }),
  };
}

/** What is wrong with a readiness, in words. */
function problemOfReady(ready: Readiness, ports: readonly string[]): string | undefined {
  const [way, ...more] = Object.keys(ready);
  if (more.length > 0) return `${[way, ...more].join(" and ")} are too many: say one of tcp, http, command, log`;
  if ("command" in ready) {
    return isWords(ready.command) && ready.command.length > 0 ? undefined : "command should be a list of strings";
  }
  if ("log" in ready) return problemOfPattern(ready.log);
  if (!("tcp" in ready || "http" in ready)) return `"${way}" is no way to tell; there are tcp, http, command, log`;
  const port = "tcp" in ready ? ready.tcp : ready.http.port;
  if (!ports.includes(port)) {
    return `there is no port "${port}"; ${ports.length === 0 ? "no port is declared" : `there are ${ports.join(", ")}`}`;
  }
  return "http" in ready && !ready.http.path?.startsWith("/")
    ? `the path "${ready.http.path}" begins with no "/"`
    : undefined;
}

function problemOfPattern(pattern: unknown): string | undefined {
  if (typeof pattern !== "string" || pattern === "") return "log should be a regular expression, as a string";
  try {
    new RegExp(pattern);
    return undefined;
  } catch (error) {
    return inWords(error);
  }
}

function isWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((word) => typeof word === "string");
}

function isWhole(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to;
}

/**
 * Checks what takes an image's place where no containers run: a part that works without being called.
 * INVALID_DECLARATION where it is something else.
 */
function toStandIn(reference: string, part: unknown): StandIn {
  const by = `the stand-in of image("${reference}")`;
  const definition = toDefinition(part, by);
  const problem = problemOf(definition);
  if (problem === undefined) return definition as StandIn;
  throw new HadronError("INVALID_DECLARATION", `${by} ${problem}.`);
}

function problemOf(definition: PartDefinition): string | undefined {
  if (definition.kind === "service" || definition.kind === "image") {
    return `is ${definition.kind === "image" ? "an image" : `the service "${definition.name}"`}, and should be a part with [onStart]`;
  }
  if (definition.kind === "pattern" && Object.keys(definition.children).length > 0) {
    return "has children, which would run under some runners only";
  }
  return definition.needs.length > 0 ? "has needs of its own: say them as options of the image" : undefined;
}
