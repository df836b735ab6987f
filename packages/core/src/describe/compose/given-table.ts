import type { CaptureDefinition, GivenDefinition, Needed } from "../../declare/definition.ts";
import { lineOf, recordSite } from "../../declare/site.ts";
import { HadronError } from "../../errors.ts";
import type { CaptureTopology } from "../topology.ts";

/** The secrets and captured values of an app, as its services bring them, and as `run` is given them. */
export class GivenTable {
  readonly #captures = new Map<string, CaptureDefinition>();
  readonly #secrets = new Set<string>();
  readonly #shared = new Set<string>();

  /** Given to `run`: every service of the user's own code may use it. */
  share(definition: GivenDefinition): void {
    if (definition.kind === "secret") this.#secrets.add(definition.name);
    else {
      this.add("run()", definition);
      this.#shared.add(definition.name);
    }
  }

  /** INVALID_DECLARATION where another one has its name. */
  add(by: string, definition: CaptureDefinition): void {
    const earlier = this.#captures.get(definition.name);
    if (earlier !== undefined && earlier !== definition) {
      const sites = [earlier, definition].map(({ site }) => lineOf(site) ?? "somewhere");
      throw new HadronError(
        "INVALID_DECLARATION",
        `${by}: two values are capture("${definition.name}"): one declared at ${sites[0]}, the other at ${sites[1]}. ` +
          "Declare it once and import its value, or give one of them another name.",
      );
    }
    this.#captures.set(definition.name, definition);
  }

  /** What each service is given because `run` was. */
  get shared(): Needed {
    return {
      by: "run()",
      site: recordSite(),
      env: {},
      secrets: [...this.#secrets],
      generated: [],
      files: [],
      capacity: {},
      storage: null,
      uses: [],
      details: {},
      resources: [],
      captures: [],
    };
  }

  /** In the order in which they were met. */
  get captures(): readonly CaptureDefinition[] {
    return [...this.#captures.values()];
  }

  toTopology(): { readonly captures?: readonly CaptureTopology[] } {
    if (this.#captures.size === 0) return {};
    return {
      captures: this.captures.map(({ name, on, isSecret }) => ({
        name,
        on,
        ...(isSecret ? { secret: true as const } : {}),
        ...(this.#shared.has(name) ? { shared: true as const } : {}),
      })),
    };
  }
}
