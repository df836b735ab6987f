import type { Expose, ResourceDefinition, ServiceDefinition } from "../../declare/definition.ts";
import { resourceKey } from "../../declare/resource.ts";
import { lineOf } from "../../declare/site.ts";
import { HadronError } from "../../errors.ts";
import type { ResourceTopology } from "../topology.ts";

/** The resources of an app, as its services bring them. */
export class ResourceTable {
  readonly #byKey = new Map<string, { readonly definition: ResourceDefinition; readonly isShared: boolean }>();

  /** `isShared`: given to `run`, so that every service may use it. INVALID_DECLARATION where another one has its name. */
  add(definition: ResourceDefinition, isShared: boolean): void {
    const key = resourceKey(definition);
    const earlier = this.#byKey.get(key);
    if (earlier !== undefined && earlier.definition !== definition) {
      const sites = [earlier.definition, definition].map(({ site }) => lineOf(site) ?? "somewhere");
      throw new HadronError(
        "INVALID_DECLARATION",
        `Two of the app are ${definition.kind}("${definition.name}"): one declared at ${sites[0]}, the other at ${sites[1]}. ` +
          "Declare it once and import its value, or give one of them another name.",
      );
    }
    this.#byKey.set(key, { definition, isShared: isShared || earlier?.isShared === true });
  }

  /** The services that keep them, each once. */
  get keepers(): ReadonlySet<ServiceDefinition> {
    return new Set([...this.#byKey.values()].map(({ definition }) => definition.keeper));
  }

  /**
   * How a keeper is reached from outside, for the sake of what it keeps; null where nothing needs that. INVALID_DECLARATION where two say
   * different addresses.
   */
  exposeOf(keeper: string): Expose | null {
    const saying = this.definitions.filter(({ keeper: { name }, expose }) => name === keeper && expose !== null);
    const [first] = saying;
    const other = saying.find(({ expose }) => JSON.stringify(expose) !== JSON.stringify(first?.expose));
    if (first === undefined || other === undefined) return first?.expose ?? null;
    const told = [first, other].map(({ kind, name, site }) => `${kind}("${name}") at ${lineOf(site) ?? "somewhere"}`);
    throw new HadronError(
      "INVALID_DECLARATION",
      `${told.join(" and ")} share one address, and say different ones (expose): let both say the same, or one of them none.`,
    );
  }

  /** In the order in which they were met. */
  get definitions(): readonly ResourceDefinition[] {
    return [...this.#byKey.values()].map(({ definition }) => definition);
  }

  /** Undefined where there is none. */
  toTopology(): readonly ResourceTopology[] | undefined {
    if (this.#byKey.size === 0) return undefined;
    return [...this.#byKey.values()].map(({ definition: { kind, name, options, keeper }, isShared }) => ({
      kind,
      name,
      keeper: keeper.name,
      options,
      ...(isShared ? { shared: true as const } : {}),
    }));
  }
}
