import { randomBytes } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { HadronError, type RunContext } from "@hadron/core/spi";
import { Patience } from "../../shared/patience.ts";
import type { Api } from "../api/api.ts";
import { statusOf } from "../api/api-error.ts";
import { checkNotTaken, deleteObject, readObject } from "../api/send.ts";
import { labelsOf, MANAGER } from "../objects/labels.ts";
import { appNames } from "../objects/names.ts";
import { type Lease as LeaseObject, pathOf } from "../objects/objects.ts";

/** A holder that has not renewed for so long has died. */
const LASTS_SECONDS = 10;
const RENEW_MS = 3000;
const LOOK_MS = 500;
/** For giving it back when the user has interrupted: it ends by itself as well. */
const RELEASE_MS = 2000;

/**
 * Keeps apart those who change the same app: a Lease of the cluster, named after the app, held as long as an `up`, `scale`
 * or `delete` takes. Another's is waited for as long as the context allows; then RUNNER_FAILED, with its holder. One that
 * died in the middle holds it for ten seconds more, which are waited for in any case. Clocks are not compared: a holder is alive if it renews while we look.
 *
 * @example
 * await using lease = Lease.open(api, "shop", "up", context);
 * await lease.held;
 */
export class Lease implements AsyncDisposable {
  /** Resolves when we have it. */
  readonly held: Promise<void>;
  /** Aborts when the user interrupts, or when it was lost. */
  readonly signal: AbortSignal;
  readonly #api: Api;
  readonly #app: string;
  readonly #holder: string;
  readonly #ended = new AbortController();
  #live: LeaseObject | undefined;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;

  private constructor(api: Api, app: string, doing: string, context: RunContext) {
    this.#api = api;
    this.#app = app;
    this.#holder = `${doing} by ${userName()}@${hostname()} (process ${process.pid}, ${randomBytes(3).toString("hex")})`;
    this.signal = AbortSignal.any([context.signal, this.#ended.signal]);
    this.held = this.#take(context);
    this.held.catch(() => {}); // Whoever opened it looks at it.
  }

  /** Begins to take it, at once. */
  static open(api: Api, app: string, doing: string, context: RunContext): Lease {
    return new Lease(api, app, doing, context);
  }

  /** Gives it back. */
  async release(signal: AbortSignal): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
    this.#ended.abort();
    await this.held.catch(() => {});
    // A request that was cut off may have made it, or renewed it, all the same.
    for (let live = this.#live; ; live = undefined) {
      live ??= await this.#read(signal);
      this.#live = undefined;
      if (live?.spec?.holderIdentity !== this.#holder) return;
      const { name, uid, resourceVersion } = live.metadata;
      if (await deleteObject(this.#api, "Lease", name, { uid, resourceVersion, signal })) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What cannot be given back runs out.
    await this.release(AbortSignal.timeout(RELEASE_MS)).catch(() => {});
  }

  async #take(context: RunContext): Promise<void> {
    const { progress } = context;
    const patience = new Patience(this.#subject, context);
    let seen: LeaseObject | undefined;
    let since = 0;
    for (;;) {
      const live = (await this.#create()) ?? (await this.#read(this.signal));
      if (live === undefined) continue;
      const { holderIdentity: holder, leaseDurationSeconds: seconds, acquireTime, renewTime } = live.spec ?? {};
      if (holder === this.#holder) return this.#hold(live);
      if (seen === undefined) await checkNotTaken(this.#api, this.#app, live, this.signal);
      if (seen?.metadata.resourceVersion !== live.metadata.resourceVersion) {
        if (seen?.spec?.holderIdentity === holder) patience.check(describeHolder(holder, acquireTime));
        // Where clocks agree there is no need to see it renew: whoever may not wait is told at once.
        else if (isFresh(renewTime)) patience.check(describeHolder(holder, acquireTime));
        [seen, since] = [live, performance.now()];
        progress.step("lease", `held for: ${holder}; looking whether that goes on`);
      }
      if (performance.now() - since >= (seconds ?? 0) * 1000) {
        const taken = await this.#patch(live, { acquireTime: now() });
        if (taken !== undefined) return this.#hold(taken);
      }
      await sleep(LOOK_MS, undefined, { signal: this.signal });
    }
  }

  #hold(live: LeaseObject): void {
    this.#live = live;
    this.#timer = setInterval(() => {
      this.#renewing ??= this.#renew().finally(() => {
        this.#renewing = undefined;
      });
    }, RENEW_MS).unref();
  }

  async #renew(): Promise<void> {
    try {
      const held = this.#live;
      const live = (held && (await this.#patch(held, {}))) ?? (await this.#read(this.signal));
      if (live?.spec?.holderIdentity === this.#holder) this.#live = live;
      else {
        this.#live = undefined;
        this.#ended.abort(this.#takenBy(live?.spec?.holderIdentity ?? "a delete", live?.spec?.acquireTime));
      }
    } catch {
      // The server is away: what is under way fails by itself, or goes on when it is back, and so does this.
    }
  }

  /** Undefined where there is one already. */
  async #create(): Promise<LeaseObject | undefined> {
    const name = appNames(this.#app).lease;
    const spec = { acquireTime: now(), leaseTransitions: 0, ...this.#spec() };
    try {
      return await this.#api.json<LeaseObject>({
        method: "POST",
        path: pathOf("Lease", this.#api.namespace),
        query: { fieldManager: MANAGER },
        body: {
          apiVersion: "coordination.k8s.io/v1",
          kind: "Lease",
          metadata: { name, labels: labelsOf(this.#app) },
          spec,
        },
        what: `create Lease "${name}"`,
        signal: this.signal,
      });
    } catch (error) {
      if (statusOf(error)?.reason === "AlreadyExists") return undefined;
      throw error;
    }
  }

  /** Makes it ours, if it is as it was seen; undefined where somebody else was faster. */
  async #patch({ metadata }: LeaseObject, more: object): Promise<LeaseObject | undefined> {
    const { name, resourceVersion } = metadata;
    try {
      return await this.#api.json<LeaseObject>({
        method: "PATCH",
        path: pathOf("Lease", this.#api.namespace, name),
        query: { fieldManager: MANAGER },
        body: { metadata: { resourceVersion }, spec: { ...this.#spec(), ...more } },
        type: "application/merge-patch+json",
        what: `renew Lease "${name}"`,
        signal: this.signal,
      });
    } catch (error) {
      const code = statusOf(error)?.code;
      if (code === 409 || code === 404) return undefined;
      throw error;
    }
  }

  #spec(): object {
    return { holderIdentity: this.#holder, leaseDurationSeconds: LASTS_SECONDS, renewTime: now() };
  }

  async #read(signal: AbortSignal): Promise<LeaseObject | undefined> {
    const live = await readObject(this.#api, "Lease", appNames(this.#app).lease, signal);
    return live;
  }

  get #subject(): string {
    return `The app "${this.#app}" in namespace "${this.#api.namespace}"`;
  }

  #takenBy(holder: string, since: string | undefined): HadronError {
    return new HadronError(
      "RUNNER_FAILED",
      `${this.#subject} is being changed by another command: ${describeHolder(holder, since)}. Wait until that is done, and look at \`plan\` before you try again.`,
    );
  }
}

function describeHolder(holder = "nobody", since: string | undefined): string {
  return since === undefined ? holder : `${holder}, since ${since.replace(/\.\d+Z$/, "Z")}`;
}

/** Whether a lease was renewed just now, if its holder's clock is as ours. */
function isFresh(renewTime: string | undefined): boolean {
  const ageMs = Date.now() - Date.parse(renewTime ?? "");
  return ageMs >= 0 && ageMs < LASTS_SECONDS * 1000;
}

/** As the API server writes times of leases. */
function now(): string {
  return new Date().toISOString().replace("Z", "000Z");
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "somebody"; // A user without a name, as in many containers.
  }
}
