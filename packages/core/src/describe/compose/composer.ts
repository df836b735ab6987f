import { joinPatches, type KubernetesOptions, resolveKubernetes } from "../../declare/containers/kubernetes.ts";
import type { PartDefinition, ServiceDefinition } from "../../declare/definition.ts";
import { checkServiceName } from "../../declare/names.ts";
import { lineOf } from "../../declare/site.ts";
import { HadronError } from "../../errors.ts";
import { USER_KEY } from "../../scope/user.ts";
import { childName, learnWork, type OwnPart } from "../procedures.ts";
import type { Choices } from "../topology.ts";
import { TOPOLOGY_VERSION } from "../topology.ts";
import type { App, AppService } from "./app.ts";
import { describeService } from "./describe-service.ts";
import { GivenTable } from "./given-table.ts";
import { type Merged, mergeNeeds } from "./merge-needs.ts";
import { describeShape, type Placement, type Shape, shapeAt } from "./placement.ts";
import { ResourceTable } from "./resource-table.ts";

/** Who brought a name into the app. */
interface Owner {
  readonly definition: ServiceDefinition | undefined;
  /** The service above it, or `run()`. */
  readonly by: string;
}

/** Collects the services of an app, each with those that its parts bring along. */
export class Composer {
  readonly resources = new ResourceTable();
  readonly given = new GivenTable();
  readonly #roots: readonly ServiceDefinition[];
  /** Undefined while its children are added: its place in the order is before theirs. */
  readonly #services = new Map<string, AppService | undefined>();
  readonly #hidden = new Set<ServiceDefinition>();
  readonly #choices: Choices | undefined;
  readonly #owners = new Map<string, Owner>();

  constructor(roots: readonly ServiceDefinition[], choices: Choices | undefined) {
    this.#roots = roots;
    this.#choices = choices;
  }

  /** Adds what `run` was given. A service that is also some pattern's leaf takes its count from there, whatever the order. */
  addRoots(): void {
    for (const root of this.#roots) if (!isLeaf(root, this.#roots)) this.#addRoot(root);
    for (const root of this.#roots) if (!this.#services.has(root.name)) this.#addRoot(root);
  }

  finish(app: string, options: KubernetesOptions | undefined): App {
    const kubernetes = resolveKubernetes("run(…)", options);
    if (kubernetes.data?.replicas !== undefined) {
      throw new HadronError("INVALID_DECLARATION", "run(…): kubernetes.replicas is said of a service, not of the app.");
    }
    for (const keeper of this.resources.keepers) if (!this.#services.has(keeper.name)) this.#addRoot(keeper);
    // What a hidden service uses comes along as well; those that it brings are visited in turn.
    for (const hidden of this.#hidden) if (!this.#services.has(hidden.name)) this.#addRoot(hidden);
    const resources = this.resources.toTopology();
    const services = new Map<string, AppService>();
    for (const [name, service] of this.#services) {
      if (service === undefined) continue;
      const exposed = service.topology.exposed ?? this.resources.exposeOf(name);
      services.set(name, exposed === null ? service : { ...service, topology: { ...service.topology, exposed } });
    }
    shareUserKey(services);
    this.#addPossibleUses(services);
    const described = [...services.values()].map((service) => service.topology);
    for (const { name, uses = [] } of described) {
      for (const used of uses) if (!used.includes(":")) this.#checkUse(name, used);
    }
    return {
      topology: {
        version: TOPOLOGY_VERSION,
        app,
        services: described,
        ...(resources === undefined ? {} : { resources }),
        ...this.given.toTopology(),
        ...(this.#choices === undefined ? {} : { choices: this.#choices }),
        ...(kubernetes.data === undefined ? {} : { kubernetes: kubernetes.data }),
      },
      services,
      captures: this.given.captures,
      resources: this.resources.definitions,
      kubernetesPatchOf: (service) =>
        joinPatches(this.#owners.get(service ?? "")?.definition?.options.kubernetes.patch, kubernetes.patch),
    };
  }

  #addRoot(definition: ServiceDefinition): void {
    this.#add(definition.name, definition, { count: undefined, sharded: false, groups: 1, above: [] });
  }

  #add(name: string, given: PartDefinition, placement: Placement): AppService {
    const definition = given.kind === "service" ? given : undefined;
    const variant = this.#choices?.variants?.[name] ?? "";
    const part = (definition === undefined ? given : (definition.variants[variant] ?? definition.part)) as OwnPart;
    checkServiceName(name);
    const shape = shapeAt(name, definition, placement);
    const owner = { definition, by: placement.above.at(-1) ?? "run()" };
    const earlier = this.#services.get(name);
    if (earlier !== undefined) return this.#again(earlier, owner, shape);
    this.#owners.set(name, owner);
    this.#services.set(name, undefined);
    const children = this.#addChildren(name, part, shape, placement);
    const callees = Object.entries(children).map(([key, { topology, single, procedures }]) => [
      key,
      { name: topology.name, single, procedures },
    ]);
    const work = learnWork(name, part, Object.fromEntries(callees));
    const isOwn = part.kind !== "image" && definition?.hidden !== true;
    const needs = mergeNeeds(name, definition?.needs, isOwn ? [...work.needs, this.given.shared] : work.needs);
    this.#bring(name, needs);
    const names = Object.entries(children).map(([key, { topology }]) => [key, topology.name]);
    const met = { name, part, definition, shape, work, needs, children: Object.fromEntries(names) };
    const { single, procedures, life } = work;
    const composed: AppService = {
      part,
      single,
      procedures,
      life,
      around: definition?.options.around ?? [],
      guard: definition?.options.guard,
      topology: describeService(met, this.#choices ?? {}),
    };
    this.#services.set(name, composed);
    return composed;
  }

  #addChildren(name: string, part: OwnPart, { sharded, replicas }: Shape, { above }: Placement) {
    const children: Record<string, AppService> = {};
    if (part.kind !== "pattern") return children;
    for (const [key, child] of Object.entries(part.children)) {
      children[key] = this.#add(childName(name, key, child.part), child.part, {
        count: child.count,
        sharded: child.sharded,
        groups: sharded ? replicas : 1,
        above: [...above, name],
      });
    }
    return children;
  }

  /** What comes along with a service because of its needs. */
  #bring(name: string, { captures, resources, uses }: Merged): void {
    for (const capture of captures) this.given.add(name, capture);
    for (const resource of resources) this.resources.add(resource, false);
    const elsewhere = this.#choices?.elsewhere ?? {};
    for (const service of uses) {
      if (service.hidden && elsewhere[service.name] === undefined) this.#hidden.add(service);
    }
  }

  /** What a service would use where it is there is used now that it is. */
  #addPossibleUses(services: Map<string, AppService>): void {
    for (const [name, service] of services) {
      const { uses = [] } = service.topology;
      const { mayUse = [] } = this.#owners.get(name)?.definition?.options ?? {};
      const more = mayUse.filter((used) => services.has(used) && !uses.includes(used));
      if (more.length > 0)
        services.set(name, { ...service, topology: { ...service.topology, uses: [...uses, ...more] } });
    }
  }

  #checkUse(name: string, used: string): void {
    if (this.#services.has(used)) return;
    const given = this.#roots.map((root) => root.name);
    throw new HadronError(
      "INVALID_DECLARATION",
      `"${name}" says that it uses "${used}", which is not in the app: give its value to run(), as in ` +
        `run(${[...given, used].join(", ")}).`,
    );
  }

  /** The name is there already: the same service in a second place is fine if it is the same there. */
  #again(earlier: AppService, here: Owner, shape: Shape): AppService {
    const { name } = earlier.topology;
    const there = this.#owners.get(name);
    if (here.definition === undefined || there?.definition !== here.definition) {
      const sites = [there, here].map((owner) => siteOf(owner?.definition) ?? `made by ${owner?.by}`);
      throw new HadronError(
        "INVALID_DECLARATION",
        `Two services are called "${name}": one ${sites[0]}, the other ${sites[1]}. Give one of them another name.`,
      );
    }
    const [shapeThere, shapeHere] = [earlier.topology, shape].map(describeShape);
    if (shapeThere !== shapeHere) {
      throw new HadronError(
        "INVALID_DECLARATION",
        `"${name}" is a leaf of ${there.by} and of ${here.by}, which want different replicas of it (${shapeThere}, ${shapeHere}).`,
      );
    }
    return earlier;
  }
}

/** Where anybody asks who calls, all of the app's own services can read it: it travels with every call. */
function shareUserKey(services: Map<string, AppService>): void {
  const asks = ({ guard, procedures, topology: { generated = [] } }: AppService) =>
    guard !== undefined ||
    generated.includes(USER_KEY) ||
    procedures.some(({ options }) => options.requires !== undefined);
  if (![...services.values()].some(asks)) return;
  for (const [name, service] of services) {
    if (service.part.kind === "image" || name.startsWith("hadron.")) continue;
    const generated = [...new Set([...(service.topology.generated ?? []), USER_KEY])];
    services.set(name, { ...service, topology: { ...service.topology, generated } });
  }
}

function isLeaf(wanted: ServiceDefinition, among: readonly ServiceDefinition[]): boolean {
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

function siteOf(definition: ServiceDefinition | undefined): string | undefined {
  const line = definition === undefined ? undefined : lineOf(definition.site);
  return line === undefined ? undefined : `declared at ${line}`;
}
