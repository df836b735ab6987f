import type { Clockwork } from "../../clock/clockwork.ts";
import { innerTime } from "../../clock/inner-time.ts";
import type { ResourceDefinition } from "../../declare/definition.ts";
import { resourceKey } from "../../declare/resource.ts";
import type { CallOptions, Log } from "../../declare/types.ts";
import { HadronError } from "../../errors.ts";
import { ambient, type CallingSide } from "./ambient.ts";
import { hostFor } from "./outside.ts";

/** The way from the running code to what keeps a resource. */
export interface ResourceHost {
  /** The same for all code of one replica, or one test: what is kept of a resource on this side belongs to it. */
  readonly owner: object;
  /** The time and chance of whoever asks. */
  readonly clock: Clockwork;
  /** Who this is, for messages, e.g. `shop.1`. */
  readonly name: string;
  /** Where the running replica writes its log; undefined outside of replicas. */
  readonly log: Log | undefined;
  /** Calls back when the owner ends: what was opened for it is closed then. */
  onClose(close: () => unknown): void;
  /** How many replicas there are now that use anything of the same keeper. */
  sharers(): number;
  /** Does something through the owner and within no call: what it asks for has a time of its own. */
  within<T>(work: () => Promise<T>): Promise<T>;
  /** The services of the app that use the resource, and are made by that pattern. */
  users(pattern: string): readonly string[];
  /**
   * Calls the keeper on behalf of nobody: it has 30 s unless told otherwise, whatever becomes of the handler that asked
   * first. What several handlers ask for together goes this way.
   */
  call(procedure: string, input: unknown, options?: CallOptions): Promise<unknown>;
}

/**
 * Finds what keeps a resource, from wherever the running code stands: in a replica, in a test, in a script.
 *
 * FAILED_PRECONDITION where the app has no such resource, PERMISSION_DENIED where it is there and the running service does not
 * say that it uses it; each says the line to add.
 */
export function reachResource(resource: ResourceDefinition): ResourceHost | Promise<ResourceHost> {
  innerTime.getStore()?.refuse(`${resource.kind}("${resource.name}")`);
  const host = hostFor(resource.keeper);
  return host instanceof Promise
    ? host.then((found) => toResourceHost(found, resource))
    : toResourceHost(host, resource);
}

/**
 * What a promise gives, unless the call in which the running code stands is over before: then its error. Outside of a
 * handler, the promise itself.
 */
export function withinCall<T>(promise: Promise<T>): Promise<T> {
  const scope = ambient.getStore()?.scope;
  if (scope === undefined) return promise;
  if (scope.error !== undefined) {
    promise.catch(() => {});
    return Promise.reject(scope.error);
  }
  return new Promise((resolve, reject) => {
    const listener = { cancelled: reject };
    scope.add(listener);
    promise.then(resolve, reject).finally(() => scope.delete(listener));
  });
}

/** So long before a handler's own time runs out what it waits for fails, so that its caller hears what that was. */
const MARGIN_MS = 50;

/**
 * What a promise gives, unless the running handler's time is about to run out before: then DEADLINE_EXCEEDED, which says what was waited
 * for. A tenth of its time before the end, at most 50 ms: later the caller, whose time is the same, would not hear of it.
 */
export function waitFor<T>(promise: Promise<T>, what: string): Promise<T> {
  const scope = ambient.getStore()?.scope;
  if (scope === undefined || scope.deadlineAt === Number.POSITIVE_INFINITY) return promise;
  const { leftMs } = scope;
  const { deadlines } = scope.clock;
  return new Promise((resolve, reject) => {
    const timed = {
      deadlineAt: scope.deadlineAt - Math.min(MARGIN_MS, leftMs / 10),
      expire: () => {
        const waited = `${what} gave no answer in ${Math.round(leftMs)} ms, all the time that was left: it is away, being started anew, or overloaded.`;
        reject(new HadronError("DEADLINE_EXCEEDED", `${waited} What was asked of it may still be done.`));
      },
    };
    deadlines.add(timed);
    const over = () => deadlines.delete(timed);
    promise.then(over, over);
    promise.then(resolve, reject);
  });
}

/**
 * Does work on behalf of no call: what it calls has 30 s of its own, whatever becomes of the handler in which it was begun. For work
 * that several handlers wait for.
 */
export function outsideOfCalls<T>(work: () => T): T {
  const current = ambient.getStore();
  return current === undefined
    ? work()
    : ambient.run({ host: current.host, scope: undefined, context: undefined }, work);
}

function toResourceHost(host: CallingSide, resource: ResourceDefinition): ResourceHost {
  check(host, resource);
  const keeper = resource.keeper.name;
  return {
    owner: host,
    clock: host.clock,
    name: host.self.replica ?? host.self.service,
    log: host.log,
    onClose: (close) => host.onClose(close),
    sharers: () => countSharers(host, keeper),
    within: (work) => ambient.run({ host, scope: undefined, context: undefined }, work),
    users: (pattern) =>
      (host.app?.topology.services ?? [])
        .filter((service) => service.pattern === pattern && service.uses?.includes(resourceKey(resource)) === true)
        .map((service) => service.name),
    call: (procedure, input, options = {}) => ambient.exit(() => host.call(keeper, procedure, input, options)),
  };
}

function countSharers(host: CallingSide, keeper: string): number {
  const { services = [], resources = [] } = host.app?.topology ?? {};
  const kept = resources.filter((resource) => resource.keeper === keeper);
  const isShared = kept.some(({ shared }) => shared === true);
  const keys = new Set(kept.map(resourceKey));
  return services
    .filter(({ uses = [], image }) => image === null && (isShared || uses.some((use) => keys.has(use))))
    .reduce((sum, { name }) => sum + host.count(name), 0);
}

function check(host: CallingSide, resource: ResourceDefinition): void {
  const { app, self } = host;
  // A script outside of the app: what is there says so itself.
  if (app === undefined) return;
  const { kind, name } = resource;
  const found = app.topology.resources?.find((other) => other.kind === kind && other.name === name);
  const user = app.services.get(self.service)?.topology;
  const line = `uses: [${name}]`;
  if (found === undefined) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `${kind}("${name}") is not in the app "${self.app}": add ${line} to the options of the service that uses it, or give it to run(…).`,
    );
  }
  if (found.shared === true || user === undefined || user.uses?.includes(resourceKey(resource)) === true) return;
  throw new HadronError(
    "PERMISSION_DENIED",
    `"${self.service}" does not say that it uses ${kind}("${name}"): add ${line} to its options, or give ${name} to run(…), for all.`,
  );
}
