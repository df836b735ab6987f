import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);
/** The folder of a `psql`, for machines that have none. */
const PSQL = resolve(root, "packages/resources/test/verbs/bin");

/** What is typed for each example, and what has to come out. */
const EXAMPLES: readonly {
  file: string;
  calls: readonly { words: readonly string[]; output: (...items: any[]) => void }[];
  /** Other verbs, where the app goes on running, and the lines that come out. */
  verbs?: readonly { words: readonly string[]; lines: readonly string[] }[];
}[] = [
  { file: "hello", calls: [{ words: ["hello", '"Ann"'], output: (it) => expect(it).toBe("Hello, Ann!") }] },
  {
    file: "histogram",
    calls: [
      {
        words: ["histogram-service"],
        output: (it: number[]) => {
          expect(it).toHaveLength(10);
          expect(it.reduce((a, b) => a + b)).toBeGreaterThan(950);
        },
      },
    ],
  },
  {
    file: "shard",
    calls: [
      {
        words: ["counters", "increment", '{"user":"ann"}'],
        output: (it) => expect(it).toMatchObject({ user: "ann", count: 1 }),
      },
      { words: ["counters", "read", '{"user":"bob"}'], output: (it) => expect(it).toBe(0) },
    ],
  },
  {
    file: "spread",
    calls: [{ words: ["factors", '{"number":1001}'], output: (it) => expect(it.factors).toEqual([7, 11, 13]) }],
  },
  { file: "tree", calls: [{ words: ["tree", '"is"'], output: (it) => expect(it).toBe(6) }] },
  {
    file: "greetings",
    calls: [{ words: ["greet", '"Ann"'], output: (it) => expect(it).toMatch(/^Good .*, dear Ann!$/) }],
  },
  {
    file: "count",
    calls: [
      { words: ["count", '{"to":3}'], output: (...items) => expect(items).toEqual([1, 2, 3]) },
      { words: ["triangles", "10"], output: (...items) => expect(items).toEqual([1, 3, 6, 10]) },
    ],
  },
  { file: "wasm", calls: [{ words: ["uppercase", '"grüße"'], output: (it) => expect(it).toBe("GRüßE") }] },
  {
    file: "order",
    calls: [
      {
        words: [
          "order",
          "send",
          '{"id":"order/1","start":{"id":1,"boss":"ann","pages":[]},"hook":"approved","value":{"by":"bob"}}',
        ],
        output: (it) => expect(it).toEqual({ duplicate: false }),
      },
      {
        words: ["order", "result", '{"id":"order/1"}'],
        output: (it) => expect(it).toEqual({ paid: "paid 1 by order/order/1:charge#1", said: "bob", pages: [] }),
      },
    ],
  },
  {
    file: "approval",
    calls: [
      {
        words: [
          "approval",
          "send",
          '{"id":"a","start":{"what":"a trip","who":"ann","boss":"bob"},"hook":"answer","value":{"by":"ann","yes":true}}',
        ],
        output: (it) => expect(it).toEqual({ duplicate: false }),
      },
      {
        words: ["approval", "result", '{"id":"a"}'],
        output: (it) => expect(it).toEqual({ approved: true, by: "ann" }),
      },
      {
        words: ["mail", "sent", '"ann"'],
        output: (it) => expect(it).toEqual([expect.objectContaining({ text: "May we have a trip?" })]),
      },
    ],
  },
  {
    file: "nightly",
    calls: [
      {
        words: ["nightly", "nightly", '{"night":"monday","tables":["users","orders"]}'],
        output: (it) => expect(it).toEqual({ tables: 2, sum: expect.stringMatching(/^[0-9a-f]{64}$/) }),
      },
      {
        words: ["archive", '"monday"'],
        output: (it) => expect(it).toEqual(["monday/orders", "monday/sum", "monday/users"]),
      },
    ],
  },
  {
    file: "saga",
    calls: [
      {
        words: ["journey", "journey", '{"to":"Rome","hotel":true}'],
        output: (it) => expect(Object.keys(it)).toEqual(["flight", "hotel", "car"]),
      },
      {
        words: ["booking", "open"],
        output: (it) => expect(it.toSorted()).toEqual(["car in Rome", "flight to Rome", "room in Rome"]),
      },
    ],
  },
  {
    file: "mail",
    calls: [
      {
        words: ["shop", "order", '{"user":"ann","order":1}'],
        output: (it) => expect(it).toEqual({ duplicate: false }),
      },
      { words: ["shop", "order", '{"user":"ann","order":1}'], output: (it) => expect(it).toEqual({ duplicate: true }) },
      { words: ["shop", "delivered", '{"user":"ann","order":1}'], output: (it) => expect(it).toEqual([1]) },
    ],
  },
  {
    file: "orders",
    calls: [
      { words: ["orders", "place", '{"user":"ann","sku":"tea"}'], output: (it) => expect(it).toEqual({ id: 1 }) },
      { words: ["orders", "of", '"ann"'], output: (it) => expect(it).toEqual([{ id: 1, sku: "tea", amount: 1 }]) },
    ],
    verbs: [{ words: ["psql", "book", "select sku, amount from line"], lines: ["tea|1"] }],
  },
  {
    file: "shop",
    calls: [
      { words: ["shop", "add", '{"user":"ann","item":"tea"}'], output: (it) => expect(it).toEqual(["tea"]) },
      { words: ["shop", "buy", '"ann"'], output: (it) => expect(it).toEqual({ sale: "1", items: ["tea"] }) },
      { words: ["shop", "buy", '"ann"'], output: (it) => expect(it).toEqual({ items: [] }) },
      { words: ["shop", "mailed", '{"user":"ann","sale":"1"}'], output: (it) => expect(it).toBe(true) },
      { words: ["nightly"], output: (it) => expect(it).toBe(null) },
      { words: ["shop", "report"], output: (it) => expect(it).toBe("ann,1\n") },
      {
        words: ["shop", "about"],
        output: (it) => expect(it).toEqual({ commit: expect.any(String), leader: expect.any(Number) }),
      },
    ],
  },
  {
    file: "web",
    calls: [
      {
        words: ["web", "fetch", '"/hello/Ann"'],
        output: (it) => expect([it.status, JSON.parse(it.body)]).toEqual([200, { hello: "Ann" }]),
      },
      { words: ["web", "fetch", '"/orders/7"'], output: (it) => expect(it.status).toBe(404) },
    ],
  },
  {
    file: "hono",
    calls: [
      {
        words: ["web", "fetch", '"/hello/Ann"'],
        output: (it) => expect(Buffer.from(it.body, "base64").toString()).toBe('{"hello":"Ann"}'),
      },
      {
        words: ["web", "fetch", '{"method":"POST","url":"/length","body":"größe"}'],
        output: (it) => expect(Buffer.from(it.body, "base64").toString()).toBe('{"length":5}'),
      },
    ],
  },
  {
    file: "fallback",
    calls: [{ words: ["weather", '"Rome"'], output: (it) => expect(it.source).toBe("climate table") }],
  },
];

/** Deploys each example by its command line, calls it as a user does, and deletes it. */
export function testEveryExample(
  runner: string,
  options: { readonly flags?: readonly string[]; readonly env?: Record<string, string>; readonly timeoutMs: number },
): void {
  const type = async (...words: readonly string[]) => {
    const { stdout } = await run("tsx", words, {
      cwd: root,
      env: { ...process.env, ...options.env, PATH: `${PSQL}:${process.env.PATH}` },
      timeout: options.timeoutMs,
    });
    return stdout;
  };
  test.each(EXAMPLES)(
    `example $file on ${runner}`,
    { timeout: options.timeoutMs * 3 },
    async ({ file, calls, verbs = [] }) => {
      const app = `ex-${file}-${process.pid}`;
      const flags = [`--runner=${runner}`, `--app=${app}`, ...(options.flags ?? [])];
      const path = `examples/${file}.ts`;
      try {
        if (runner !== "local") await type(path, "up", ...flags);
        // Under the local runner, call starts the app for this one call.
        for (const { words, output } of calls) {
          const printed = await type(path, "call", ...words, ...flags);
          output(
            ...printed
              .trimEnd()
              .split("\n")
              .map((line) => JSON.parse(line)),
          );
        }
        // There, what call started has ended with it.
        for (const { words, lines } of runner === "local" ? [] : verbs) {
          const printed = await type(path, ...words, ...flags);
          expect(printed.trimEnd().split("\n")).toEqual(lines);
        }
      } finally {
        await type(path, "delete", "--data", "--yes", ...flags);
      }
      const status = JSON.parse(await type(path, "status", "--json", ...flags));
      expect(status).toMatchObject({ app, runner, revision: null, services: [] });
    },
  );
}
