import type { KubernetesOptions } from "../declare/containers/kubernetes.ts";
import { type Given, givenDefinition, partDefinition } from "../declare/definition.ts";
import { type Resource, resourceDefinition } from "../declare/resource.ts";
import type { AnyService } from "../declare/types.ts";
import { HadronError, inWords } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import { type Contribution, contributionDefinition } from "./contribution.ts";

/** What is said of an app as a whole. */
export interface RunOptions {
  /** The app's name, unless `--app` says another. @default the file's; its folder's where it is called index, main or app */
  readonly app?: string;
  /** Labels, tolerations, requests and the like of all of its objects on a Kubernetes cluster; other runners read none of it. @default {} */
  readonly kubernetes?: KubernetesOptions;
  /** Packages that go along as they are, beside the bundle, whatever they look like. Overrules package.json. @default none */
  readonly external?: readonly string[];
  /** Packages that are bundled, whatever they look like. Overrules package.json. @default none */
  readonly bundle?: readonly string[];
}

/** Services, with resources and given values that all of them may use, values that add to hidden ones, and options behind them where there are any. */
export type AppArguments<Options> =
  | readonly [...(AnyService | Resource | Given | Contribution)[], Options]
  | readonly (AnyService | Resource | Given | Contribution)[];

/** Parts what was given to `run` or `start`: a plain object at its end is options. What is in either is not looked at. */
export function splitArguments<Options extends object>(
  args: readonly unknown[],
): { readonly services: readonly unknown[]; readonly options: Partial<Options> } {
  const last = args.at(-1);
  if (!isOptions<Options>(last)) return { services: args, options: {} };
  return { services: args.slice(0, -1), options: last };
}

function isOptions<Options extends object>(value: unknown): value is Partial<Options> {
  if (typeof value !== "object" || value === null) return false;
  if (
    [partDefinition, resourceDefinition, givenDefinition, contributionDefinition].some(
      (find) => find(value) !== undefined,
    )
  )
    return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What the value of an option may be: one of these words, anything of that type, or a list of texts. */
type Allowed = readonly string[] | { readonly type: string } | "names";

/** The options of `run`. */
export const RUN_OPTIONS = {
  app: { type: "string" },
  kubernetes: { type: "object" },
  external: "names",
  bundle: "names",
} as const satisfies Record<keyof RunOptions, Allowed>;

/** INVALID_DECLARATION for an option that there is not, and for a value that an option cannot have. */
export function checkOptions(by: "run" | "start", options: object, known: Readonly<Record<string, Allowed>>): void {
  const fail = (text: string) => {
    throw new HadronError("INVALID_DECLARATION", `${by}(…) ${text}`);
  };
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const names = Object.keys(known);
    const allowed = Object.hasOwn(known, name) ? known[name] : undefined;
    if (allowed === undefined) {
      const hint = typeof value === "function" ? " A service is made with service(name, { … })." : "";
      fail(`knows no option "${name}".${didYouMean(name, names)} There are ${names.join(", ")}.${hint}`);
    } else if (value !== undefined && !isAllowed(value, allowed)) {
      fail(`was given the option ${name}: ${inWords(value)}; it is ${wantedOf(allowed)}.`);
    }
  }
}

function wantedOf(allowed: Allowed): string {
  if (allowed === "names") return 'a list of names, as in ["sharp"]';
  return "type" in allowed ? `a ${allowed.type}` : allowed.map((word) => `"${word}"`).join(" or ");
}

function isAllowed(value: unknown, allowed: Allowed): boolean {
  if (allowed === "names") return Array.isArray(value) && value.every((name) => typeof name === "string");
  if ("type" in allowed) return allowed.type.split(" or ").includes(typeof value);
  return allowed.some((word) => word === value);
}
