import { innerTime } from "@hadron/core/spi";
import { enterRace, loseRace } from "./mailbox.ts";

const REPLACED = Symbol.for("dev.hadron.durable.globals");

/** Timers and requests that no log knows of. */
const REFUSED = ["fetch", "setTimeout", "setInterval", "setImmediate"] as const;

/**
 * Puts a program's time and chance in the place of the process's own, for code that runs in a program and for no other; once
 * in a process, when its first durable service starts. `fetch` and timers throw there. Races tell hooks when they are lost.
 */
export function replaceGlobals(): void {
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
      if (innerTime.getStore() === undefined) return own(values);
      const promises = [...values];
      enterRace(promises);
      const race = own(promises);
      const over = () => loseRace(promises);
      race.then(over, over);
      return race;
    };
    Object.defineProperty(Promise, name, { value: told, configurable: true, writable: true });
  }
}
