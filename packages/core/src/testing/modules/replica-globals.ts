import type { Clockwork } from "../../clock/clockwork.ts";
import { innerTime } from "../../clock/inner-time.ts";
import { ReplicaTimers } from "./replica-timers.ts";

/** The global variables that a replica's code has for itself. */
export const REPLACED_NAMES = [
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "clearImmediate",
  "Date",
  "Math",
  "performance",
  "crypto",
  "AbortSignal",
  "globalThis",
  "global",
] as const;

/** What code of one replica finds in the place of Node's own time and chance. */
export interface ReplicaGlobals {
  /** By name, as global variables. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Node's own modules, with those that give time and chance replaced. */
  builtin(name: string): unknown;
  /** Ends all its timers. */
  end(): void;
}

/** @param chance Whether dates and chance are the clock's, too; else the machine's. */
export function createReplicaGlobals(clock: Clockwork, chance: boolean): ReplicaGlobals {
  const timers = new ReplicaTimers(clock);
  const { setTimeout, setInterval, setImmediate, clear, clearImmediate } = timers;
  const timerValues = {
    setTimeout,
    setInterval,
    setImmediate,
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate,
  };
  const values: Record<string, unknown> = { ...timerValues, ...(chance ? createChance(clock, timers) : {}) };
  const around = instead(globalThis, values);
  Object.assign(values, { globalThis: around, global: around });
  const modules: Readonly<Record<string, () => unknown>> = {
    timers: () => instead(process.getBuiltinModule("node:timers"), { ...timerValues, promises: toPromises(timers) }),
    "timers/promises": () => toPromises(timers),
    ...(chance
      ? {
          crypto: () => instead(process.getBuiltinModule("node:crypto"), toNodeCrypto(clock, values.crypto)),
          perf_hooks: () => instead(process.getBuiltinModule("node:perf_hooks"), { performance: values.performance }),
        }
      : {}),
  };
  return {
    values,
    builtin: (name) => modules[name.replace(/^node:/, "")]?.() ?? process.getBuiltinModule(name),
    end: () => timers.end(),
  };
}

function createChance(clock: Clockwork, timers: ReplicaTimers): Record<string, unknown> {
  const now = () => innerTime.getStore()?.now() ?? clock.wallNow();
  return {
    Date: new Proxy(Date, {
      construct: (target, args, as) => Reflect.construct(target, args.length === 0 ? [now()] : args, as),
      apply: () => new Date(now()).toString(),
      get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
    }),
    Math: Object.create(Math, { random: { value: () => innerTime.getStore()?.random() ?? clock.random() } }),
    performance: instead(performance, { now: () => clock.now(), timeOrigin: clock.wallNow() - clock.now() }),
    crypto: instead(crypto, {
      randomUUID: () => innerTime.getStore()?.uuid() ?? clock.uuid(),
      getRandomValues: <T extends ArrayBufferView>(into: T): T => {
        new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(bytesOf(clock, into.byteLength));
        return into;
      },
    }),
    AbortSignal: instead(AbortSignal, {
      timeout: (ms: number) => {
        const controller = new AbortController();
        const expire = () =>
          controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
        timers.setTimeout(expire, ms).unref();
        return controller.signal;
      },
    }),
  };
}

function toNodeCrypto(clock: Clockwork, webcrypto: unknown): Record<string, unknown> {
  return {
    webcrypto,
    randomUUID: () => clock.uuid(),
    randomInt: (from: number, to?: number) => {
      const [least, most] = to === undefined ? [0, from] : [from, to];
      return least + Math.floor(clock.random() * (most - least));
    },
    randomBytes: (size: number, told?: (error: null, bytes: Buffer) => void) => {
      const bytes = bytesOf(clock, size);
      if (told === undefined) return bytes;
      clock.nextTurn(() => told(null, bytes));
      return undefined;
    },
  };
}

function bytesOf(clock: Clockwork, size: number): Buffer {
  return Buffer.from(clock.hex(size * 2), "hex");
}

interface Waiting {
  readonly signal?: AbortSignal;
}

function toPromises(timers: ReplicaTimers): Record<string, unknown> {
  const wait = (ms = 1, value?: unknown, { signal }: Waiting = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const stop = () => {
      timers.clear(timer);
      reject(signal?.reason);
    };
    const timer = timers.setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve(value);
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
    return promise;
  };
  return {
    setTimeout: wait,
    setImmediate: (value?: unknown) => new Promise((resolve) => timers.setImmediate(() => resolve(value))),
    async *setInterval(ms = 1, value?: unknown, options: Waiting = {}) {
      while (true) yield await wait(ms, value, options);
    },
    scheduler: {
      wait: (ms: number, options?: Waiting) => wait(ms, undefined, options),
      yield: () => new Promise<void>((resolve) => timers.setImmediate(() => resolve())),
    },
  };
}

/** The same object, but for some of what it has. Methods are called on the object itself: natives know no other. */
function instead<T extends object>(target: T, values: Readonly<Record<string, unknown>>): T {
  return new Proxy(target, {
    get(_, key) {
      if (typeof key === "string" && Object.hasOwn(values, key)) return values[key];
      const value: unknown = Reflect.get(target, key);
      const isMethod = typeof value === "function" && typeof key === "string" && /^[a-z]/.test(key);
      return isMethod && !Object.hasOwn(value, "prototype") ? value.bind(target) : value;
    },
    set: (_, key, value) => Reflect.set(target, key, value),
  });
}
