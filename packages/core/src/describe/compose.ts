import type {
  CaptureDefinition,
  PartDefinition,
  ProcedureDefinition,
  ResourceDefinition,
  ServiceDefinition,
  StandIn,
} from "../declare/definition.ts";
import { DEFAULT_LIMITS, givenDefinition, serviceDefinition } from "../declare/definition.ts";
import type { Life } from "../declare/life.ts";
import { checkAppName, checkServiceName } from "../declare/names.ts";
import { captureKey, resourceDefinition, resourceKey } from "../declare/resource.ts";
import { lineOf, noteUse } from "../declare/site.ts";
import type { Wrapper } from "../declare/types.ts";
import { HadronError } from "../errors.ts";
import { captureVariable } from "../given/capture-record.ts";
import { GivenTable } from "./given.ts";
import { mergeNeeds } from "./merge-needs.ts";
import { childName, learnWork, type OwnPart } from "./procedures.ts";
import { ResourceTable } from "./resources.ts";
import type { Choices, ServiceTopology, Topology } from "./topology.ts";
import { TOPOLOGY_VERSION } from "./topology.ts";

/** An app: its topology, and beside each service the code that it stands for. */
export interface App {
  readonly topology: Topology;
  readonly services: ReadonlyMap<string, AppService>;
  /** What it keeps, in the topology's order. */
  readonly resources: readonly ResourceDefinition[];
  /** What is computed when the app is deployed, in the topology's order. */
  readonly captures: readonly CaptureDefinition[];
}

/** A service of an app: what is described of it, and the code that its replicas run. */
export interface AppService {
  readonly topology: ServiceTopology;
  readonly part: OwnPart;
  /** Whether it is one handler, whose procedure is named as the service. */
  readonly single: boolean;
  /** Known when it was declared; a replica makes its own, with {@link createWork}. */
  readonly procedures: readonly ProcedureDefinition[];
  /** What it does without being called. The same holds for it. */
  readonly life: Life | undefined;
  /** What stands around its handlers, the first outermost. */
  readonly around: readonly Wrapper[];
}

const DEFAULT_CAPACITY = { cpu: 1, memoryBytes: 512 * 1024 * 1024 };

/**
 * Composes services, and what their patterns are made of, to an app. Pure.
 *
 * INVALID_DECLARATION if two services have one name, a pattern contains itself, counts or needs contradict each other, or
 * a service says that it uses one that is not there.
 */
export function compose(app: string, services: readonly unknown[], choices?: Choices): App {
  noteUse();
  checkAppName(app);
  if (services.length === 0) {
    throw new HadronError("INVALID_DECLARATION", "run() was given no service: write run(myService).");
  }
  const composer = new Composer(choices);
  const definitions = services.flatMap((value, position) => {
    const resource = resourceDefinition(value);
    if (resource !== undefined) {
      composer.resources.add(resource, true);
      return [];
    }
    const given = givenDefinition(value);
    if (given !== undefined) {
      composer.given.share(given);
      return [];
    }
    const definition = serviceDefinition(value);
    if (definition === undefined) {
      throw new HadronError(
        "INVALID_DECLARATION",
        `run(): argument ${position + 1} is no service. Make one with service(name, handler).`,
      );
    }
    return [definition];
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
  readonly resources = new ResourceTable();
  readonly given = new GivenTable();
  readonly #services = new Map<string, AppService>();
  readonly #hidden = new Set<ServiceDefinition>();
  readonly #choices: Choices | undefined;
  readonly #owners = new Map<string, { readonly definition: ServiceDefinition | undefined; readonly by: string }>();

  constructor(choices: Choices | undefined) {
    this.#choices = choices;
  }

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
    for (const keeper of this.resources.keepers) if (!this.has(keeper.name)) this.addRoot(keeper);
    // What a hidden service uses comes along as well; those that it brings are visited in turn.
    for (const hidden of this.#hidden) if (!this.has(hidden.name)) this.addRoot(hidden);
    const resources = this.resources.toTopology();
    const services = [...this.#services.values()].map((service) => service.topology);
    for (const { name, uses = [] } of services) {
      for (const used of uses) if (!used.includes(":")) this.#checkUse(name, used);
    }
    return {
      topology: {
        version: TOPOLOGY_VERSION,
        app,
        services,
        ...(resources === undefined ? {} : { resources }),
        ...this.given.toTopology(),
        ...(this.#choices === undefined ? {} : { choices: this.#choices }),
      },
      services: this.#services,
      captures: this.given.captures,
      resources: this.resources.definitions,
    };
  }

  #add(name: string, given: PartDefinition, placement: Placement): AppService {
    const definition = given.kind === "service" ? given : undefined;
    const part = (definition === undefined ? given : definition.part) as OwnPart;
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
    const children: Record<string, AppService> = {};
    if (part.kind === "pattern") {
      for (const [key, child] of Object.entries(part.children)) {
        children[key] = this.#add(childName(name, key, child.part), child.part, {
          count: child.count,
          sharded: child.sharded,
          groups: sharded ? replicas : 1,
          above: [...placement.above, name],
        });
      }
    }
    const callees = Object.entries(children).map(([key, { topology, ...below }]) => [
      key,
      { name: topology.name, ...below },
    ]);
    const { procedures, single, life, needs } = learnWork(name, part, Object.fromEntries(callees));
    if (part.kind === "image" && part.standIn !== undefined) checkStandIn(name, part.standIn);
    const web = procedures.find((procedure) => procedure.options.face?.web === true);
    const options = definition?.options;
    const isOwn = part.kind !== "image" && definition?.hidden !== true;
    const { env, secrets, generated, files, capacity, storage, uses, resources, captures, details } = mergeNeeds(
      name,
      definition?.needs,
      isOwn ? [...needs, this.given.shared] : needs,
    );
    for (const capture of captures) this.given.add(name, capture);
    if (storage !== null) checkStorage(name, sharded, replicas);
    for (const resource of resources) this.resources.add(resource, false);
    const { elsewhere = {}, images = {} } = this.#choices ?? {};
    const servers = uses.flatMap((service) => elsewhere[service.name] ?? []);
    const usedHere = uses.filter((service) => elsewhere[service.name] === undefined);
    for (const service of usedHere) if (service.hidden) this.#hidden.add(service);
    const used = [
      ...usedHere.map((service) => service.name),
      ...resources.map(resourceKey),
      ...captures.map(({ name }) => captureKey(name)),
    ];
    const composed: AppService = {
      part,
      single,
      procedures,
      life,
      around: options?.around ?? [],
      topology: {
        name,
        pattern: part.kind === "pattern" ? part.pattern : null,
        procedures: procedures.map((procedure) => procedure.name),
        idempotent: procedures.filter((procedure) => procedure.options.idempotent).map((procedure) => procedure.name),
        replicas,
        sharded,
        groups: placement.groups,
        children: Object.entries(children).map(([key, { topology }]) => ({ key, service: topology.name })),
        exposed: options?.expose ?? null,
        ...(web === undefined ? {} : { web: web.name }),
        capacity: { ...DEFAULT_CAPACITY, ...capacity },
        ...(Object.keys(capacity).length === 0 ? {} : { requests: capacity }),
        limits: options?.limits ?? DEFAULT_LIMITS,
        env,
        secrets: [
          ...secrets,
          ...servers,
          ...captures.flatMap((capture) =>
            capture.isSecret && part.kind !== "image" ? [captureVariable(capture.name)] : [],
          ),
        ],
        ...(generated.length === 0 ? {} : { generated }),
        ...(used.length === 0 ? {} : { uses: used }),
        ...(Object.keys(details).length === 0 ? {} : { details }),
        files: [...new Set([...files, ...resources.flatMap((resource) => resource.files)])],
        storage,
        image: part.kind === "image" ? { ...part.image, reference: images[name] ?? part.image.reference } : null,
        ...(part.kind === "image" && part.standIn !== undefined ? { standIn: true } : {}),
        ...(options?.first === true ? { first: true } : {}),
      },
    };
    this.#services.set(name, composed);
    return composed;
  }

  #checkUse(name: string, used: string): void {
    if (this.#services.has(used)) return;
    const given = [...this.roots].map((root) => root.name);
    throw new HadronError(
      "INVALID_DECLARATION",
      `"${name}" says that it uses "${used}", which is not in the app: give its value to run(), as in ` +
        `run(${[...given, used].join(", ")}).`,
    );
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
    const [there, here] = [topology, { replicas, sharded, groups: placement.groups }].map(shapeOf);
    if (there !== here) {
      throw new HadronError(
        "INVALID_DECLARATION",
        `"${name}" is a leaf of ${earlier.by} and of ${by}, which want different replicas of it (${there}, ${here}).`,
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

/** All that two places of one service must agree on. */
function shapeOf({ replicas, sharded, groups }: Pick<ServiceTopology, "replicas" | "sharded" | "groups">): string {
  return `${replicas} ${sharded ? "sharded" : "interchangeable"}${groups > 1 ? ` in ${groups} groups` : ""}`;
}

/** What outlives a replica belongs to one of its kind: the only one, or a shard. */
function checkStorage(name: string, sharded: boolean, replicas: number): void {
  if (sharded || replicas === 1) return;
  throw new HadronError(
    "INVALID_DECLARATION",
    `service "${name}" has storage and ${replicas} replicas that are alike, and storage belongs to a single replica or to a ` +
      "shard: leave out its replicas, or make it a leaf of shard() or scatter().",
  );
}

/** Nobody could call a stand-in's procedures: the image that it stands in for has none. */
function checkStandIn(name: string, standIn: StandIn): void {
  const [procedure] = learnWork(name, standIn, {}).procedures;
  if (procedure === undefined) return;
  throw new HadronError(
    "INVALID_DECLARATION",
    `The stand-in of "${name}" has a procedure, "${procedure.name}", and nobody could call it: an image has none. Give it [onStart] alone.`,
  );
}

function siteOf(definition: ServiceDefinition | undefined): string | undefined {
  const line = definition === undefined ? undefined : lineOf(definition.site);
  return line === undefined ? undefined : `declared at ${line}`;
}
