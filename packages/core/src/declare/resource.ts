import { HadronError } from "../errors.ts";
import type { Preflight, ResourceVerb } from "../verb/resource-verb.ts";
import type { Expose, ResourceDefinition } from "./definition.ts";
import { serviceDefinition } from "./definition.ts";
import { checkServiceName } from "./names.ts";
import { recordSite } from "./site.ts";
import type { AnyService } from "./types.ts";

const RESOURCE = Symbol.for("dev.hadron.resource");

/** What an app keeps, as a value: declared like a service, and reached through closures. */
export interface Resource {
  readonly [Symbol.toStringTag]: "HadronResource";
}

/** What the app is told of a resource: what it is, and which service keeps it. */
export interface ResourceSpec {
  /** What kind of thing, e.g. `keyValue`. Kind and name together are unique in an app. */
  readonly kind: string;
  /** A DNS name, as services have it. */
  readonly name: string;
  /** What `describe` and `plan` show of it. Plain data. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The hidden service that keeps it. It comes along into every app that has the resource. */
  readonly keeper: AnyService;
  /** What the keeper needs to know of it beside its options, such as texts and code: no part of the topology. @default nothing */
  readonly keeping?: unknown;
  /** Files and folders that whoever uses it takes along, relative to the app file. @default [] */
  readonly files?: readonly string[];
  /** Verbs of the command line of an app that has it. Two kinds may bring the same one. @default none */
  readonly verbs?: readonly ResourceVerb[];
  /** The address outside of the deployment that its keeper needs for its sake. All that say one say the same. @default none */
  readonly expose?: Expose | null;
  /** What is to be said before other code runs on what is kept: `plan` and `up` ask. Two kinds may bring the same one. @default nothing */
  readonly preflight?: Preflight;
}

/**
 * Makes a value a resource. All kinds are made with this. INVALID_DECLARATION if the name is no DNS name.
 *
 * @example
 * const keyValue = (name: string) => defineResource(new Entries(name), { kind: "keyValue", name, options: {}, keeper: store });
 */
export function defineResource<T extends object>(
  value: T,
  { kind, name, options, keeper, keeping, files = [], verbs = [], expose = null, preflight }: ResourceSpec,
): T & Resource {
  checkServiceName(name);
  const keeperDefinition = serviceDefinition(keeper);
  if (keeperDefinition === undefined) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `${kind}("${name}") has no keeper: name the hidden service that keeps it.`,
    );
  }
  const definition: ResourceDefinition = {
    kind,
    name,
    options,
    keeper: keeperDefinition,
    keeping,
    files,
    verbs,
    expose,
    preflight,
    site: recordSite(),
  };
  Object.defineProperty(value, RESOURCE, { value: definition });
  Object.defineProperty(value, Symbol.toStringTag, { value: "HadronResource", configurable: true });
  return value as T & Resource;
}

/** The definition behind a resource value, or undefined. */
export function resourceDefinition(value: unknown): ResourceDefinition | undefined {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  return (value as { [RESOURCE]?: ResourceDefinition })[RESOURCE];
}

/** How a service names a resource that it uses, e.g. `keyValue:carts`. No service is called so. */
export function resourceKey({ kind, name }: Pick<ResourceDefinition, "kind" | "name">): string {
  return `${kind}:${name}`;
}

/** How a service names a captured value that it uses. */
export function captureKey(name: string): string {
  return `capture:${name}`;
}
