import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { expect, test, vi } from "vitest";
import { consume, subscribe } from "../../../patterns/src/index.ts";
import { keyValue, queue, scoped, topic } from "../../src/index.ts";

const WAIT = { timeout: 10_000 };

test("a topic's message reaches every service that subscribes, one replica of each; a service that only sends gets none", async () => {
  const placed = topic<{ order: number }>("placed");
  const seen: string[] = [];
  const shop = service("shop", (order: number) => placed.send({ order }), { uses: [placed] });
  const audit = service(
    "audit",
    subscribe(placed, ({ order }) => void seen.push(`audit ${order}`)),
    { replicas: 2 },
  );
  const mail = service(
    "mail",
    subscribe(placed, ({ order }, { attempt }) => {
      seen.push(`mail ${order} ${attempt}`);
      if (order === 2 && attempt === 1) throw new Error("again");
    }),
  );
  await using _ = await start(shop, audit, mail);
  await shop(1);
  await vi.waitFor(() => expect(seen.toSorted()).toEqual(["audit 1", "mail 1 1"]), WAIT);
  await shop(2);
  await vi.waitFor(
    () => expect(seen.toSorted()).toEqual(["audit 1", "audit 2", "mail 1 1", "mail 2 1", "mail 2 2"]),
    WAIT,
  );
});

test("a consumer's handler calls services of its app, and stops with the replica", async () => {
  const jobs = queue<number>("jobs");
  const done = keyValue<number>("done");
  const square = service("square", (n: number) => n * n);
  const worker = service(
    "worker",
    consume(jobs, async (n, { replica }) => {
      await done.set(String(n), await square(n));
      expect(replica.name).toMatch(/^worker\.\d$/);
    }),
    { replicas: 2, uses: [done] },
  );
  await using app = await start(square, worker, jobs, done);
  await Promise.all([1, 2, 3].map((n) => jobs.send(n)));
  await vi.waitFor(
    async () => expect(await Promise.all(["1", "2", "3"].map((key) => done.get(key)))).toEqual([1, 4, 9]),
    WAIT,
  );
  app.replica("worker", 0).kill();
  app.replica("worker", 1).kill();
  await jobs.send(4);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await done.get("4")).toBeUndefined();
  app.replica("worker", 1).restart();
  await vi.waitFor(async () => expect(await done.get("4")).toBe(16), WAIT);
});

test("scoped state is changed as any object, however deep; what throws changes nothing; nobody's change is lost", async () => {
  const counters = scoped("counters", { initial: { requests: 0, by: {} as Record<string, number> } });
  const web = service(
    "web",
    {
      hit: (user: string) =>
        counters.scope("global", async (state) => {
          state.by[user] = (state.by[user] ?? 0) + 1;
          return ++state.requests;
        }),
      fail: () =>
        counters.scope("global", (state) => {
          state.requests = 1000;
          throw new Error("no");
        }),
    },
    { replicas: 4, uses: [counters] },
  );
  await using _ = await start(web, counters);
  expect(await counters.get("global")).toEqual({ requests: 0, by: {} });
  await Promise.all(Array.from({ length: 40 }, (__, index) => web.hit(`user-${index % 2}`)));
  await expect(web.fail()).rejects.toThrow("no");
  expect(await counters.get("global")).toEqual({ requests: 40, by: { "user-0": 20, "user-1": 20 } });
});

test("what hands out no work is refused where it stands", () => {
  expect(() => consume({} as never, () => {})).toThrow(/the first hands out no work/);
  expect(() => subscribe(queue("q"), undefined as never)).toThrow(/the handler is not a function/);
});
