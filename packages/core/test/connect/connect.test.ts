import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { connect } from "@hadron/core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Shell } from "../cli/e2e/shell.ts";
import type { math } from "./apps/calc.ts";

const calc = resolve(import.meta.dirname, "apps/calc.ts");
const caller = resolve(import.meta.dirname, "apps/caller.ts");
const shell = new Shell();
const endpoints: Record<string, string> = {};

beforeAll(async () => {
  const up = shell.type([calc, "up", "--json"]);
  await vi.waitUntil(() => up.out.includes("\n"), { timeout: 50_000 });
  const { services } = JSON.parse(up.out.split("\n")[0] ?? "") as {
    services: { name: string; endpoint: string }[];
  };
  for (const { name, endpoint } of services) endpoints[name] = endpoint;
}, 60_000);
afterAll(() => shell[Symbol.asyncDispose]());

const same = { add: 3, greet: "Hello, Ann!", refuse: "ALREADY_EXISTS", late: "DEADLINE_EXCEEDED", count: [1, 2, 3] };

test("a script of its own connects by URL, typed by a type alone, and ends by itself", async () => {
  const told = { math: endpoints.math, greet: endpoints.greet };
  const { status, out, err } = await shell.run([caller, JSON.stringify(told)]);
  expect([status, err]).toEqual([0, ""]);
  // JSON has no dates, and an input goes whole.
  expect(JSON.parse(out)).toEqual({
    ...same,
    sum: "INVALID_INPUT",
    when: "a text",
    health: "UNKNOWN_PROCEDURE",
    typed: true,
  });
});

test("a script of its own connects by names, and then sends and gets all that calls within the app do", async () => {
  const told = { math: { app: "calc", service: "math" }, greet: { service: "greet", runner: "local" } };
  const { status, out, err } = await shell.run([caller, JSON.stringify(told)]);
  expect([status, err]).toEqual([0, ""]);
  expect(JSON.parse(out)).toEqual({ ...same, sum: 3, when: "a date", health: "math", typed: true });
});

test.each([
  [{ service: "maths" }, "UNKNOWN_SERVICE", 'did you mean "math"'],
  [{ app: "calculus", service: "math" }, "UNKNOWN_SERVICE", 'the app "calculus"'],
  [{ app: "calc" }, "FAILED_PRECONDITION", "greet of calc (local)"],
  [{ service: "math", runner: "locl" }, "WRONG_USE", "locl"],
  [{ service: "math", flags: { namespce: "a" } }, "WRONG_USE", "namespce"],
  [{}, "WRONG_USE", "connect({ service"],
  ["127.0.0.1:3000", "WRONG_USE", "http://127.0.0.1:3000"],
  ["http://127.0.0.1:9", "UNAVAILABLE", "127.0.0.1:9"],
])("connect(%j) is %s, and says what", async (target, code, text) => {
  const script = `import { connect } from "@hadron/core";
    await connect(${JSON.stringify(target)}).then(() => console.log("?"), (e) => console.log(JSON.stringify([e.code, e.message])));`;
  const { out } = await shell.run(["--input-type=module", "-e", script]);
  const [told, message] = JSON.parse(out) as [string, string];
  expect(told).toBe(code);
  expect(message.toLowerCase()).toContain(text.toLowerCase());
});

test("a server that does not say what it offers is FAILED_PRECONDITION", async () => {
  const server = createServer((_, response) =>
    response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -32601, message: "no such method" } })),
  );
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(connect<typeof math>(url)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  } finally {
    server.close();
  }
});

test("a client that is disposed of ends its calls as UNAVAILABLE, and takes no more", async () => {
  const client = await connect<typeof math>(new URL(endpoints.math ?? ""));
  const underWay = client.forever().catch((error: unknown) => error);
  expect(await client.add([2, 3])).toBe(5);
  await client[Symbol.asyncDispose]();
  expect(await underWay).toMatchObject({ code: "UNAVAILABLE" });
  await expect(client.add([1, 1])).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("a search that is given up is CANCELLED", async () => {
  const signal = AbortSignal.abort();
  await expect(connect({ service: "math" }, { signal })).rejects.toMatchObject({ code: "CANCELLED" });
});
