import { reachGiven } from "./call/host/reach-given.ts";
import { type CaptureDefinition, defineGiven, type Given } from "./declare/definition.ts";
import { checkServiceName } from "./declare/names.ts";
import { recordSite } from "./declare/site.ts";
import { HadronError } from "./errors.ts";

/** When a captured value is computed. */
export interface CaptureOptions {
  /**
   * When it is computed again. `"revision"`: by an `up` of other code or another topology, so that a second `up` changes nothing.
   * `"up"`: by each; where it differs, that is a new revision. `"once"`: never, unless by `up --recapture=NAME`.
   * @default "revision"
   */
  readonly on?: "revision" | "up" | "once";
  /** Whether `plan` computes it, too; without, it says "known at up". A function that does more than read wants `false`. @default true */
  readonly plan?: boolean;
}

/** A value that was computed when the app was deployed: call it for what it is. */
export interface Captured<T> extends Given {
  /**
   * What it is, frozen: the same in every replica of a revision. FAILED_PRECONDITION while the file is read, or where the app does
   * not have it; PERMISSION_DENIED in a service that does not use it.
   */
  (): T;
}

/**
 * Declares a value that is computed once, by `up` on the machine that deploys, and is then in every replica: a commit, a time,
 * a machine's own setting. By `plan` as well, so the function should only read. Never by `status`, `logs`, `call` or `describe`.
 *
 * It may be anything that a call can carry, up to 256 KiB, 768 KiB of one app together. One that throws, takes longer than a
 * minute or cannot be sent fails the deploy, which names it and changes nothing. In a test it is what `start(app, { captures })`
 * says, else computed when the app starts.
 *
 * INVALID_DECLARATION if the name is no DNS name, or an option is none.
 *
 * @example
 * const build = capture("build", async () => ({ commit: await git("rev-parse HEAD"), at: Date.now() }));
 * export const shop = service("shop", () => build().commit, { uses: [build] });
 */
export const capture: {
  <T>(name: string, evaluate: () => T, options?: CaptureOptions): Captured<Awaited<T>>;
  /**
   * The same for what nobody else should see: kept as secrets are, up to 64 KiB, and in no plan, topology, log or label.
   *
   * @example
   * const token = capture.secret("token", () => issueToken());
   */
  secret<T>(name: string, evaluate: () => T, options?: CaptureOptions): Captured<Awaited<T>>;
} = Object.assign(
  <T>(name: string, evaluate: () => T, options?: CaptureOptions) => define(name, evaluate, options, false),
  {
    secret: <T>(name: string, evaluate: () => T, options?: CaptureOptions) => define(name, evaluate, options, true),
  },
);

function define<T>(
  name: string,
  evaluate: () => T,
  { on = "revision", plan = true, ...rest }: CaptureOptions = {},
  isSecret: boolean,
): Captured<Awaited<T>> {
  const of = `${isSecret ? "capture.secret" : "capture"}("${name}")`;
  checkServiceName(name);
  if (typeof evaluate !== "function") fail(of, `is given ${typeof evaluate}, and should be a function: () => …`);
  if (!["revision", "up", "once"].includes(on)) fail(of, `on is "${on}", and should be "revision", "up" or "once"`);
  if (typeof plan !== "boolean") fail(of, `plan is ${typeof plan}, and should be true or false`);
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) fail(of, `knows no option "${unknown}"; there are on, plan`);
  const definition: CaptureDefinition = { kind: "capture", name, on, plan, isSecret, evaluate, site: recordSite() };
  const read = () => reachGiven(definition).given.capture(name) as Awaited<T>;
  return defineGiven(read, definition);
}

function fail(of: string, what: string): never {
  throw new HadronError("INVALID_DECLARATION", `${of}: ${what}.`);
}
