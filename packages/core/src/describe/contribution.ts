import type { Site } from "../declare/definition.ts";
import { recordSite } from "../declare/site.ts";
import type { AnyService } from "../declare/types.ts";

const CONTRIBUTION = Symbol.for("dev.hadron.contribution");

/** A value that adds to a hidden service, such as an address at which the app is found. It is given to `run`. */
export interface Contribution {
  readonly [Symbol.toStringTag]: "HadronContribution";
}

/** A hidden service that is made of all that an app adds to it. An app that adds nothing has none. */
export interface Assembly<T> {
  /** Of the service; it begins with `hadron.`. */
  readonly name: string;
  /** Makes it, each time an app is composed. INVALID_DECLARATION where what was added contradicts itself. */
  assemble(added: readonly Added<T>[]): AnyService;
}

/** What is added, and where that was said. */
export interface Added<T> {
  readonly what: T;
  readonly site: Site;
}

/** What stands behind such a value. */
export interface ContributionDefinition extends Added<unknown> {
  readonly to: Assembly<any>;
  /** What tells it apart from others of its assembly. */
  readonly name: string;
  /** The services that come along with it. */
  readonly brings: readonly AnyService[];
}

/**
 * Makes a value one that adds to a hidden service: the service is made anew of all of them, wherever an app is composed.
 *
 * @example
 * const listenAt = (url: string, to: AnyService) => defineContribution({ url }, { to: gateway, name: url, what: { url, to }, brings: [to] });
 */
export function defineContribution<T, V extends object>(
  value: V,
  spec: {
    readonly to: Assembly<T>;
    readonly name: string;
    readonly what: T;
    readonly brings?: readonly AnyService[];
  },
): V & Contribution {
  const definition: ContributionDefinition = { brings: [], ...spec, site: recordSite() };
  Object.defineProperty(value, CONTRIBUTION, { value: definition });
  Object.defineProperty(value, Symbol.toStringTag, { value: "HadronContribution" });
  return value as V & Contribution;
}

/** The definition behind such a value, or undefined. */
export function contributionDefinition(value: unknown): ContributionDefinition | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as { [CONTRIBUTION]?: ContributionDefinition })[CONTRIBUTION];
}

/** What tells values of all assemblies apart. No service or resource is called so. */
export function contributionKey({ to, name }: ContributionDefinition): string {
  return `${to.name}: ${name}`;
}
