import { createSystemClock } from "@hadron/core/spi";
import type { StoreDriver } from "../../src/store/contract/driver.ts";
import { claim, send, set, TestClient } from "../../src/store/contract/suite/index.ts";
import { PostgresDriver, toTimeSource } from "../../src/store/index.ts";
import type { TestPostgres } from "../store/test-postgres.ts";
import type { Event } from "./linearizable.ts";

/** What callers of two stores on one database did and saw, while its server was killed and started again. */
export interface PostgresHistories {
  readonly register: readonly Event<number>[];
  /** Tokens under which a value was written, in the order of its versions. */
  readonly tokens: readonly number[];
  readonly sent: ReadonlySet<string>;
  readonly done: readonly string[];
  readonly left: number;
}

const LEASE_MS = 60_000;

/** Several callers at each of two drivers; the server is killed `kills` times meanwhile. */
export async function runPostgresHistories(
  postgres: TestPostgres,
  { steps, kills }: { readonly steps: number; readonly kills: number },
): Promise<PostgresHistories> {
  const connect = await postgres.database();
  const time = toTimeSource(createSystemClock());
  const drivers = await Promise.all([1, 2].map(() => PostgresDriver.open({ connect, time })));
  const register: Event<number>[] = [];
  const fenced: { readonly version: number; readonly token: number }[] = [];
  const sent = new Set<string>();
  const done: string[] = [];
  let moment = 0;
  let count = 0;
  let isOver = false;

  const observe = async (label: string, act: () => Promise<Event<number>["apply"]>) => {
    const begin = moment++;
    const apply = await act();
    register.push({ label, begin, end: moment++, isOptional: false, apply });
  };
  const read = async (driver: StoreDriver) => {
    const [entry] = await driver.read({ kind: "get", store: "s", keys: ["k"] });
    return {
      value: entry === undefined ? 0 : Number(new TextDecoder().decode(entry.value)),
      version: entry?.version ?? 0,
    };
  };

  const caller = async (driver: StoreDriver, name: string) => {
    const client = new TestClient(driver, name);
    let known = { value: 0, version: 0 };
    for (let step = 0; step < steps; step++) {
      const value = ++count;
      if (step % 4 === 0) {
        await observe(`${name} reads`, async () => {
          known = await read(driver);
          const { value: seen } = known;
          return (state) => (state === seen ? state : undefined);
        });
      } else if (step % 4 === 1) {
        const wanted = known;
        await observe(`${name} sets ${value} over ${wanted.value}`, async () => {
          const refused = await client.refusal(set("s", "k", String(value), { ifVersion: wanted.version }));
          return (state) =>
            (refused === undefined) === (state === wanted.value) ? (refused === undefined ? value : state) : undefined;
        });
      } else if (step % 4 === 2) {
        await client.do(send("q", String(value), { key: String(value % 3) }));
        sent.add(String(value));
      } else {
        const got = await client.do({ kind: "acquire", lock: "l", holder: name, leaseMs: LEASE_MS });
        if (!("token" in got)) continue;
        const { token } = got;
        const { versions } = await client.do(set("s", "fenced", String(token), { fence: token }));
        fenced.push({ version: versions[0] ?? 0, token });
        await client.do({ kind: "release", lock: "l", token });
      }
    }
  };
  const consumer = async (driver: StoreDriver, name: string) => {
    const client = new TestClient(driver, name);
    for (;;) {
      const { messages } = await client.do(claim("q", { holder: name, most: 3, leaseMs: LEASE_MS }));
      for (const { message, attempt, body } of messages) {
        await client.do({ kind: "finish", queue: "q", message, attempt });
        done.push(new TextDecoder().decode(body));
      }
      if (messages.length === 0 && isOver) return;
    }
  };

  const working = Promise.all(
    drivers.flatMap((driver, at) => [1, 2, 3].map((n) => caller(driver, `caller ${at}.${n}`))),
  ).finally(() => {
    isOver = true;
  });
  const consuming = Promise.all(drivers.map((driver, at) => consumer(driver, `consumer ${at}`)));
  const all = Promise.all([working, consuming]);
  all.catch(() => {});
  const total = steps * 6;
  for (let kill = 1; kill <= kills; kill++) {
    while (!isOver && count < (total * kill) / (kills + 1)) await new Promise((resolve) => setTimeout(resolve, 5));
    await postgres.kill();
    await postgres.start();
  }
  await all;
  const [first] = drivers;
  const queue = await first?.read({ kind: "queue", queue: "q" });
  await Promise.all(drivers.map((driver) => driver.close()));
  fenced.sort((a, b) => a.version - b.version);
  return {
    register,
    tokens: fenced.map(({ token }) => token),
    sent,
    done,
    left: queue === undefined ? -1 : queue.waiting + queue.working + queue.dead,
  };
}
