import type { ChildDefinition, PartDefinition, ProcedureDefinition, ServiceDefinition } from "../declare/definition.ts";
import { DEFAULT_LIMITS, serviceDefinition, toDefinition, toProcedures } from "../declare/definition.ts";
import { checkAppName, checkProcedureName, checkServiceName } from "../declare/names.ts";
import type { ChildClient } from "../declare/pattern.ts";
import { HadronError } from "../errors.ts";
import type { ServiceTopology, Topology } from "./topology.ts";
import { TOPOLOGY_VERSION } from "./topology.ts";

/** An app: its topology, and beside each service the code that it stands for. */
export interface App {
  readonly topology: Topology;
  readonly services: ReadonlyMap<string, AppService>;
}

export interface AppService {
  readonly topology: ServiceTopology;
  readonly part: Exclude<PartDefinition, ServiceDefinition>;
  /** Whether it is one handler, whose procedure is named as the service. */
  readonly single: boolean;
  /** Known when it was declared; a replica makes its own handlers with {@link createHandlers}. */
  readonly procedures: readonly ProcedureDefinition[];
}

const DEFAULTS: Pick<ServiceTopology, "exposed" | "capacity" | "limits" | "env" | "secrets" | "files" | "storage"> = {
  exposed: null,
  capacity: { cpu: 1, memoryBytes: 512 * 1024 * 1024 },
  limits: DEFAULT_LIMITS,
  env: {},
  secrets: [],
  files: [],
  storage: null,
};

/**
 * Composes services, and what their patterns are made of, to an app. Pure.
 *
 * INVALID_DECLARATION if two services have one name, a pattern contains itself, or counts contradict each other.
 */
export function compose(app: string, services: readonly unknown[]): App {
  checkAppName(app);
  if (services.length === 0) {
    throw new HadronError("INVALID_DECLARATION", "run() was given no service: write run(myService).");
  }
  const composer = new Composer();
  const definitions = services.map((value, position) => {
    const definition = serviceDefinition(value);
    if (definition === undefined) {
      throw new HadronError(
        "INVALID_DECLARATION",
        `run(): argument ${position + 1} is no service. Make one with service(name, handler).`,
      );
    }
    return definition;
  });
  // A service that is also some pattern's leaf takes its count from there, whatever the order of the arguments.
  for (const definition of definitions) composer.roots.add(definition);
  for (const definition of definitions) if (!composer.isLeaf(definition, definitions)) composer.addRoot(definition);
  for (const definition of definitions) if (!composer.has(definition.name)) composer.addRoot(definition);
  return composer.finish(app);
}

/** How a part is placed: by its parent, or on its own. */
interface Placement {
  readonly count: number | undefined;
  readonly sharded: boolean;
  readonly groups: number;
  /** The chain of services above it, for messages. */
  readonly above: readonly string[];
}

class Composer {
  readonly roots = new Set<ServiceDefinition>();
  readonly #services = new Map<string, AppService>();
  readonly #owners = new Map<string, { readonly definition: ServiceDefinition | undefined; readonly by: string }>();

  has(name: string): boolean {
    return this.#services.has(name);
  }

  isLeaf(wanted: ServiceDefinition, among: readonly ServiceDefinition[]): boolean {
    const seen = new Set<PartDefinition>();
    const contains = (part: PartDefinition): boolean => {
      if (seen.has(part)) return false;
      seen.add(part);
      const inner = part.kind === "service" ? part.part : part;
      if (inner.kind !== "pattern") return false;
      return Object.values(inner.children).some((child) => child.part === wanted || contains(child.part));
    };
    return among.some((definition) => definition !== wanted && contains(definition));
  }

  addRoot(definition: ServiceDefinition): void {
    this.#add(definition.name, definition, { count: undefined, sharded: false, groups: 1, above: [] });
  }

  finish(app: string): App {
    const services = [...this.#services.values()].map((one) => one.topology);
    return { topology: { version: TOPOLOGY_VERSION, app, services }, services: this.#services };
  }

  #add(name: string, given: PartDefinition, placement: Placement): AppService {
    const definition = given.kind === "service" ? given : undefined;
    const part = definition === undefined ? (given as Exclude<PartDefinition, ServiceDefinition>) : unwrap(definition);
    checkServiceName(name);
    if (placement.above.includes(name)) {
      const way = [...placement.above.slice(placement.above.indexOf(name)), name].join(" → ");
      throw new HadronError("INVALID_DECLARATION", `A pattern cannot contain itself: ${way}.`);
    }
    const by = placement.above.at(-1) ?? "run()";
    const replicas = this.#countOf(name, definition, placement) * placement.groups;
    const earlier = this.#owners.get(name);
    if (earlier !== undefined) return this.#again(name, definition, placement, replicas, by, earlier);
    this.#owners.set(name, { definition, by });

    const sharded = placement.sharded || placement.groups > 1;
    // Takes its place in the order before its children do.
    this.#services.set(name, undefined as never);
    const children: { key: string; service: string; below: AppService }[] = [];
    if (part.kind === "pattern") {
      for (const [key, child] of Object.entries(part.children)) {
        const service = childName(name, key, child);
        const below = this.#add(service, child.part, {
          count: child.count,
          sharded: child.sharded,
          groups: sharded ? replicas : 1,
          above: [...placement.above, name],
        });
        children.push({ key, service, below });
      }
    }
    const { procedures, single } = describeProcedures(name, part, children);
    const options = definition?.options;
    if (options?.storage && !sharded) {
      throw new HadronError(
        "INVALID_DECLARATION",
        `service "${name}" asks for storage, which only a sharded service has: make it a leaf of shard() or scatter().`,
      );
    }
    const composed: AppService = {
      part,
      single,
      procedures,
      topology: {
        name,
        pattern: part.kind === "pattern" ? part.pattern : null,
        procedures: procedures.map((one) => one.name),
        idempotent: procedures.filter((one) => one.options.idempotent).map((one) => one.name),
        replicas,
        sharded,
        groups: placement.groups,
        children: children.map(({ key, service }) => ({ key, service })),
        exposed: options?.expose ?? DEFAULTS.exposed,
        capacity: options?.capacity ?? DEFAULTS.capacity,
        ...(options === undefined || Object.keys(options.requests).length === 0 ? {} : { requests: options.requests }),
        limits: options?.limits ?? DEFAULTS.limits,
        env: options?.env ?? DEFAULTS.env,
        secrets: options?.secrets ?? DEFAULTS.secrets,
        files: options?.files ?? DEFAULTS.files,
        storage: options?.storage ?? DEFAULTS.storage,
        image: part.kind === "image" ? part.image : null,
      },
    };
    this.#services.set(name, composed);
    return composed;
  }

  /** The name is there already: the same service in a second place is fine if it is the same there. */
  #again(
    name: string,
    definition: ServiceDefinition | undefined,
    placement: Placement,
    replicas: number,
    by: string,
    earlier: { readonly definition: ServiceDefinition | undefined; readonly by: string },
  ): AppService {
    if (definition === undefined || earlier.definition !== definition) {
      const sites = [siteOf(earlier.definition) ?? `made by ${earlier.by}`, siteOf(definition) ?? `made by ${by}`];
      throw new HadronError(
        "INVALID_DECLARATION",
        `Two services are called "${name}": one ${sites[0]}, the other ${sites[1]}. Give one of them another name.`,
      );
    }
    const { topology } = this.#services.get(name)!;
    const sharded = placement.sharded || placement.groups > 1;
    if (topology.replicas !== replicas || topology.sharded !== sharded || topology.groups !== placement.groups) {
      throw new HadronError(
        "INVALID_DECLARATION",
        `"${name}" is a leaf of ${earlier.by} and of ${by}, which want different replicas of it ` +
          `(${topology.replicas} ${topology.sharded ? "sharded" : "interchangeable"}, ${replicas} ${sharded ? "sharded" : "interchangeable"}).`,
      );
    }
    return this.#services.get(name)!;
  }

  #countOf(name: string, definition: ServiceDefinition | undefined, { count, above }: Placement): number {
    const declared = definition?.options.replicas;
    if (count !== undefined && declared !== undefined && count !== declared) {
      throw new HadronError(
        "INVALID_DECLARATION",
        `"${name}" is declared with ${declared} replicas, but as a leaf of ${above.at(-1)} it has ${count}: leave "replicas" out.`,
      );
    }
    return count ?? declared ?? 1;
  }
}

function unwrap(definition: ServiceDefinition): Exclude<PartDefinition, ServiceDefinition> {
  return definition.part as Exclude<PartDefinition, ServiceDefinition>;
}

function childName(parent: string, key: string, child: ChildDefinition): string {
  return child.part.kind === "service" ? child.part.name : `${parent}.${key}`;
}

function siteOf(definition: ServiceDefinition | undefined): string | undefined {
  const frames = definition?.site.stack?.split("\n").slice(1) ?? [];
  // The first frame is service() itself; the next is the user's line.
  const frame = frames[1]
    ?.trim()
    .replace(/^at (?:async )?/, "")
    .replace(/^.*\((.*)\)$/, "$1");
  return frame === undefined ? undefined : `declared at ${frame.replace(/^file:\/\//, "")}`;
}

/** Learns the procedures of a part; of a pattern's root by making its handlers with clients that cannot be called yet. */
function describeProcedures(
  name: string,
  part: Exclude<PartDefinition, ServiceDefinition>,
  children: readonly { key: string; service: string; below: AppService }[],
): { procedures: readonly ProcedureDefinition[]; single: boolean } {
  if (part.kind === "image") return { procedures: [], single: false };
  if (part.kind === "handlers") return { procedures: toProcedures(part, name), single: part.single !== undefined };
  const clients = Object.fromEntries(children.map(({ key, below }) => [key, undialledChild(below)]));
  return createHandlers(name, part.root, clients);
}

/** Makes the handlers of a pattern's root for one replica. */
export function createHandlers(
  name: string,
  root: (clients: Readonly<Record<string, ChildClient<any>>>) => unknown,
  clients: Readonly<Record<string, ChildClient<any>>>,
): { procedures: readonly ProcedureDefinition[]; single: boolean } {
  const handlers = toDefinition(root(clients), `the root of "${name}"`);
  if (handlers.kind !== "handlers") {
    throw new HadronError(
      "INVALID_DECLARATION",
      `The root of "${name}" should return a handler or an object of handlers.`,
    );
  }
  for (const key of Object.keys(handlers.named)) checkProcedureName(name, key);
  return { procedures: toProcedures(handlers, name), single: handlers.single !== undefined };
}

function undialledChild(below: AppService): ChildClient<any> {
  const refuse = (): never => {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `"${below.topology.name}" cannot be called while it is being declared; call it in a handler.`,
    );
  };
  const { name } = below.topology;
  return {
    service: name,
    single: below.single,
    procedures: below.procedures,
    client: refuse as never,
    call: refuse,
    scope: refuse,
    shards: refuse,
  };
}
