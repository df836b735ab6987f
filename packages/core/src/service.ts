import { createClient } from "./call/client/client.ts";
import type {
  Expose,
  Limits,
  PartDefinition,
  ResolvedServiceOptions,
  ServiceDefinition,
} from "./declare/definition.ts";
import { DEFAULT_LIMITS, definePart, toDefinition } from "./declare/definition.ts";
import { checkProcedureName, checkServiceName } from "./declare/names.ts";
import type { Api, PartOf, Service } from "./declare/types.ts";
import { HadronError } from "./errors.ts";

const MIB = 1024 * 1024;

/** What can be said of a service beside what it does. */
export interface ServiceOptions {
  /** How many replicas run. @default 1 */
  readonly replicas?: number;
  /**
   * An address outside the deployment: `true` for a free port on 127.0.0.1 that is kept where it can be, or which port,
   * on which address, and on a cluster by what means. @default false
   */
  readonly expose?: boolean | Partial<Expose>;
  /** Environment variables of each replica. @default {} */
  readonly env?: Readonly<Record<string, string>>;
  /** Names of secrets: read from the environment of whoever deploys, found in `process.env` in a replica. @default [] */
  readonly secrets?: readonly string[];
  /** Files and folders to take along, relative to the app file; a replica finds them relative to its working directory. @default [] */
  readonly files?: readonly string[];
  /** Cores and memory that one replica may use. @default 1 core, 512 MiB */
  readonly capacity?: { readonly cpu?: number; readonly memoryMiB?: number };
  /** A folder of its own for each shard, that outlives the replica. Sharded services only. @default none */
  readonly storage?: { readonly path: string; readonly sizeMiB?: number };
  /** Bounds of one replica. @default 4000 calls at once, inputs and outputs of 16 MiB, 10 s to drain */
  readonly limits?: Partial<Limits>;
}

/**
 * Declares a service. Nothing runs yet: `run` does that. The value is its own typed client.
 *
 * INVALID_DECLARATION if the name is no DNS name, a procedure's name has a meaning already, or an option is out of range.
 *
 * @example
 * export const greet = service("greet", (name: string) => `Hello, ${name}!`);
 * await greet("Ann"); // in a handler, a test or a script, once it runs
 */
export function service<A extends Api>(name: string, part: PartOf<A>, options: ServiceOptions = {}): Service<A> {
  checkServiceName(name);
  const definition: ServiceDefinition = {
    kind: "service",
    name,
    part: toServicePart(name, part),
    options: resolveOptions(name, options),
    site: new Error(`"${name}" was declared here`),
  };
  return definePart(createClient(definition), definition) as unknown as Service<A>;
}

function toServicePart(name: string, part: unknown): PartDefinition {
  const definition = toDefinition(part, `service "${name}"`);
  if (definition.kind === "service") {
    throw new HadronError(
      "INVALID_DECLARATION",
      `service "${name}" is given the service "${definition.name}": a service has one name. Give the handler or pattern itself.`,
    );
  }
  if (definition.kind === "handlers") for (const key of Object.keys(definition.named)) checkProcedureName(name, key);
  return definition;
}

const KNOWN = ["replicas", "expose", "env", "secrets", "files", "capacity", "storage", "limits"];

/** Options that are said elsewhere, or in another word. */
const MOVED: Readonly<Record<string, string>> = {
  resources: `"resources" is called "capacity": { cpu?, memoryMiB? }`,
  port: `"port" is said of the image: image(reference, { port })`,
};

function resolveOptions(name: string, options: ServiceOptions): ResolvedServiceOptions {
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) {
    fail(name, MOVED[unknown] ?? `knows no option "${unknown}"; there are ${KNOWN.join(", ")}`);
  }
  const { capacity = {}, limits = {}, storage, env = {}, secrets = [], files = [] } = options;
  if (options.replicas !== undefined) whole(name, "replicas", options.replicas, 1, 10_000);
  for (const [key, value] of Object.entries(env)) {
    if (!/^[A-Za-z_]\w*$/.test(key)) fail(name, `env "${key}" cannot name an environment variable`);
    if (key.startsWith("HADRON_")) fail(name, `env "${key}": names that begin with HADRON_ are Hadron's own`);
    if (typeof value !== "string") fail(name, `env "${key}" is ${typeof value}, and should be a string`);
  }
  for (const secret of secrets) {
    if (!/^[A-Za-z_]\w*$/.test(secret)) fail(name, `secret "${secret}" cannot name an environment variable`);
    if (secret.startsWith("HADRON_")) fail(name, `secret "${secret}": names that begin with HADRON_ are Hadron's own`);
  }
  for (const file of files) {
    if (typeof file !== "string" || file === "" || file.startsWith("/") || file.split("/").includes("..")) {
      fail(name, `files: "${file}" should be a path below the app file's folder`);
    }
  }
  const cpu = capacity.cpu ?? 1;
  if (!(cpu > 0 && cpu <= 1024)) fail(name, `capacity.cpu is ${cpu}, and should be cores, above 0`);
  const memoryMiB = whole(name, "capacity.memoryMiB", capacity.memoryMiB ?? 512, 16, 1 << 24);
  return {
    replicas: options.replicas,
    expose: resolveExpose(name, options.expose ?? false),
    env: { ...env },
    secrets: [...secrets],
    files: [...files],
    capacity: { cpu, memoryBytes: memoryMiB * MIB },
    requests: {
      ...(capacity.cpu === undefined ? {} : { cpu }),
      ...(capacity.memoryMiB === undefined ? {} : { memoryBytes: memoryMiB * MIB }),
    },
    storage: storage === undefined ? null : { path: storage.path, sizeBytes: (storage.sizeMiB ?? 1024) * MIB },
    limits: {
      concurrency: whole(name, "limits.concurrency", limits.concurrency ?? DEFAULT_LIMITS.concurrency, 1, 1_000_000),
      inputBytes: whole(name, "limits.inputBytes", limits.inputBytes ?? DEFAULT_LIMITS.inputBytes, 1, 2 ** 31 - 1),
      outputBytes: whole(name, "limits.outputBytes", limits.outputBytes ?? DEFAULT_LIMITS.outputBytes, 1, 2 ** 31 - 1),
      drainMs: whole(name, "limits.drainMs", limits.drainMs ?? DEFAULT_LIMITS.drainMs, 0, 3_600_000),
    },
  };
}

function resolveExpose(name: string, expose: boolean | Partial<Expose>): Expose | null {
  if (expose === false) return null;
  const { port = null, host = "127.0.0.1", via = "port", hostname = null } = expose === true ? {} : expose;
  if (port !== null) whole(name, "expose.port", port, 1, 65_535);
  if (!["port", "node-port", "load-balancer", "ingress"].includes(via)) {
    fail(name, `expose.via is "${via}", and should be port, node-port, load-balancer or ingress`);
  }
  return { port, host, via, hostname };
}

function whole(name: string, option: string, value: number, from: number, to: number): number {
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  return fail(name, `${option} is ${value}, and should be a whole number from ${from} to ${to}`);
}

function fail(name: string, what: string): never {
  throw new HadronError("INVALID_DECLARATION", `service "${name}": ${what}.`);
}
