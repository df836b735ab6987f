import { innerTime } from "./inner-time.ts";

const REPLACED = Symbol.for("dev.hadron.inner-time");

/** Timers and requests that no log knows of. */
const REFUSED = ["fetch", "setTimeout", "setInterval", "setImmediate"] as const;

/**
 * Makes the process's own time and chance, timers and `fetch` ask {@link innerTime} first: for code that has one, and for no
 * other. Once in a process, when the first such code is about to run.
 */
export function obeyInnerTime(): void {
  if (Reflect.has(globalThis, REPLACED)) return;
  Object.defineProperty(globalThis, REPLACED, { value: true });
  const MachineDate = globalThis.Date;
  const nowHere = () => innerTime.getStore()?.now() ?? MachineDate.now();
  const date = new Proxy(MachineDate, {
    construct: (target, args, as) => Reflect.construct(target, args.length === 0 ? [nowHere()] : args, as),
    apply: () => new MachineDate(nowHere()).toString(),
    get: (target, key, receiver) => (key === "now" ? nowHere : Reflect.get(target, key, receiver)),
  });
  globalThis.Date = date;
  const { random } = Math;
  Math.random = () => innerTime.getStore()?.random() ?? random();
  const randomUUID = crypto.randomUUID.bind(crypto);
  const uuid = () => (innerTime.getStore()?.uuid() as ReturnType<typeof randomUUID> | undefined) ?? randomUUID();
  Object.defineProperty(crypto, "randomUUID", { value: uuid, configurable: true, writable: true });
  for (const name of REFUSED) {
    const own = globalThis[name];
    const guarded = new Proxy(own as (...args: unknown[]) => unknown, {
      apply(target, self, args) {
        innerTime.getStore()?.refuse(name);
        return Reflect.apply(target, self, args);
      },
    });
    Object.defineProperty(globalThis, name, { value: guarded, configurable: true, writable: true });
  }
  for (const name of ["race", "any"] as const) {
    const own: (values: Iterable<unknown>) => Promise<unknown> = Promise[name].bind(Promise);
    const told = (values: Iterable<unknown>) => {
      const inner = innerTime.getStore();
      if (inner === undefined) return own(values);
      const promises = [...values];
      const over = inner.race(promises);
      const race = own(promises);
      race.then(over, over);
      return race;
    };
    Object.defineProperty(Promise, name, { value: told, configurable: true, writable: true });
  }
}
