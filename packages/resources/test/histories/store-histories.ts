import { type Clock, isHadronError, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { consume } from "@hadron/patterns";
import { keyValue, lock, queue } from "../../src/index.ts";
import type { Event } from "./linearizable.ts";

/** What was seen of one app while its store was killed, cut off and slowed. */
export interface Histories {
  /** Of one key, whose state is the value that was written last; 0: absent. */
  readonly register: readonly Event<number>[];
  /** Writes under a lock, in the order of their versions: the tokens. */
  readonly tokens: readonly number[];
  readonly sent: { readonly known: ReadonlySet<number>; readonly unknown: ReadonlySet<number> };
  readonly done: ReadonlySet<number>;
  readonly waiting: number;
  readonly faults: number;
}

const CLIENTS = 3;
const STEPS = 12;
const CALL_MS = 4000;

/** Runs an app in virtual time, the same for the same seed. */
export async function runHistories(seed: number): Promise<Histories> {
  const kept = keyValue<number>("kept");
  const door = lock("door", { leaseMs: 3000 });
  const mails = queue<number>("mails", { retries: 20 });
  let tick = 0;
  let values = 0;
  const register: Event<number>[] = [];
  const fenced: { version: number; token: number }[] = [];
  const sent = { known: new Set<number>(), unknown: new Set<number>() };
  const done = new Set<number>();

  const observe = async <T>(
    label: string,
    work: () => Promise<T>,
    toApply: (result: T) => Event<number>["apply"],
    lost?: Event<number>["apply"],
  ) => {
    const begin = ++tick;
    try {
      const result = await work();
      register.push({ label, begin, end: ++tick, isOptional: false, apply: toApply(result) });
    } catch (error) {
      if (!isHadronError(error)) throw error;
      // A read that failed saw nothing; a write may have happened.
      if (lost !== undefined)
        register.push({ label: `${label}?`, begin, end: Number.POSITIVE_INFINITY, isOptional: true, apply: lost });
    }
  };
  const conditional = async (work: Promise<number>): Promise<boolean> => {
    try {
      await work;
      return true;
    } catch (error) {
      if (isHadronError(error) && error.code === "ABORTED") return false;
      throw error;
    }
  };
  const step = async (clock: Clock, known: { value: number; version: number }) => {
    const chance = clock.random();
    const value = ++values;
    if (chance < 0.3) {
      const see = async () => {
        const entry = await kept.entry("k");
        Object.assign(known, { value: entry?.value ?? 0, version: entry?.version ?? 0 });
        return known.value;
      };
      await observe("read", see, (seen) => (state) => (state === seen ? state : undefined));
    } else if (chance < 0.55)
      await observe(
        `set ${value}`,
        () => kept.set("k", value),
        () => () => value,
        () => value,
      );
    else if (chance < 0.75) {
      const { value: wanted, version: ifVersion } = { ...known };
      await observe(
        `set ${value} over ${wanted}`,
        () => conditional(kept.set("k", value, { ifVersion })),
        (ok) => (state) => (ok === (state === wanted) ? (ok ? value : state) : undefined),
        (state) => (state === wanted ? value : undefined),
      );
    } else if (chance < 0.82) {
      await observe(
        "delete",
        () => kept.delete("k"),
        (existed) => (state) => (existed === (state !== 0) ? 0 : undefined),
        () => 0,
      );
    } else if (chance < 0.92) {
      try {
        await mails.send(value);
        sent.known.add(value);
      } catch (error) {
        if (!isHadronError(error)) throw error;
        sent.unknown.add(value);
      }
    } else {
      const hold = door.hold(async ({ token }) => {
        await pause(clock, clock.random() * 3000);
        fenced.push({ version: await kept.set("fenced", token, { fence: token }), token });
      });
      await hold.catch((error: unknown) => {
        if (!isHadronError(error)) throw error;
      });
    }
  };

  const uses = [kept, door, mails];
  const clients = Array.from({ length: CLIENTS }, (_, n) => {
    const work = service(
      `step-${n}`,
      async (known: { value: number; version: number }, { clock }) => {
        await step(clock, known);
        return known;
      },
      { uses },
    );
    return {
      work,
      drive: service(
        `client-${n}`,
        async (_: undefined, { clock }) => {
          let known = { value: 0, version: 0 };
          for (let n = 0; n < STEPS; n++) {
            // Each step has a deadline of its own: what it did not hear of in time, it does not know.
            known = await work
              .with({ timeoutMs: CALL_MS })(known)
              .catch(() => known);
            await pause(clock, clock.random() * 1500);
          }
        },
        { uses: [work] },
      ),
    };
  });
  const mailer = service(
    "mailer",
    consume(mails, async (mail) => void done.add(mail), { leaseMs: 5000 }),
    { replicas: 2 },
  );
  let faults = 0;
  const chaos = service("chaos", async (_: undefined, { clock }) => {
    const store = app.replica("hadron.store");
    for (let n = 0; n < 8; n++) {
      await pause(clock, clock.random() * 3000);
      faults++;
      const chance = clock.random();
      if (chance < 0.5) {
        store.kill({ away: true });
        await pause(clock, clock.random() * 2500);
        store.restart();
      } else {
        if (chance < 0.7) store.cut();
        else if (chance < 0.85) store.hang();
        else store.slow(clock.random() * 800);
        await pause(clock, clock.random() * 2500);
        store.restore();
        store.slow(0);
      }
    }
  });
  const app = await start(...clients.flatMap(({ work, drive }) => [work, drive]), mailer, chaos, {
    time: "virtual",
    seed,
    modules: "shared",
  });
  try {
    const long = { timeoutMs: 3_600_000 };
    await Promise.all([chaos.with(long)(), ...clients.map(({ drive }) => drive.with(long)())]);
    await app.advance("1h");
    const last = await app.call("hadron.store", "read", [{ kind: "queue", queue: "mails" }]);
    const [{ waiting, working, dead }] = last as [{ waiting: number; working: number; dead: number }];
    const tokens = fenced.sort((a, b) => a.version - b.version).map(({ token }) => token);
    return { register, tokens, sent, done, waiting: waiting + working + dead, faults };
  } finally {
    await app.close();
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

/** Why histories could not be those of one store; undefined where they could. */
export function findFault(
  { register, tokens, sent, done, waiting }: Histories,
  isLinearizable: (history: readonly Event<number>[], initial: number) => boolean,
): string | undefined {
  if (!isLinearizable(register, 0))
    return `not linearizable: ${register.map(({ label, begin, end }) => `${begin}-${end} ${label}`).join("; ")}`;
  if (tokens.some((token, index) => token < (tokens[index - 1] ?? 0)))
    return `a stale token wrote: ${tokens.join(", ")}`;
  const lost = [...sent.known].filter((mail) => !done.has(mail));
  if (lost.length > 0) return `lost: ${lost.join(", ")}`;
  const invented = [...done].filter((mail) => !sent.known.has(mail) && !sent.unknown.has(mail));
  if (invented.length > 0) return `never sent: ${invented.join(", ")}`;
  return waiting === 0 ? undefined : `${waiting} messages are left`;
}
