import { afterAll, beforeAll, expect, test } from "vitest";
import { moduleOf, type StartedPlatform, startPlatform } from "./start-platform.ts";

let platform: StartedPlatform;
beforeAll(async () => {
  platform = await startPlatform({ guests: { timeoutMs: 500, outputBytes: 10_000, keptBytes: 20 } });
  await platform.register("web", moduleOf("web"));
  await platform.register("math", moduleOf("math"));
  await platform.register("probe", moduleOf("probe"));
});
afterAll(() => platform[Symbol.asyncDispose]());

/** Status and reason of what was refused. */
async function refused(path: string, body: unknown) {
  const { status, json } = await platform.admin("POST", path, body);
  return [status, json.detail];
}

test.each([
  ["a text", Buffer.from("no module at all"), /no WebAssembly module/],
  ["half a module", moduleOf("math").subarray(0, 60), /no WebAssembly module/],
  ["nothing", Buffer.alloc(0), /no WebAssembly module/],
  ["a program for Linux", Buffer.from("\x7fELF\x02\x01\x01", "latin1"), /no WebAssembly module/],
  ["one with imports that are nowhere", moduleOf("interop"), /register it first/],
])("%s is refused when it is registered", async (_, bytes, why) => {
  const { status, json } = await platform.register("bad", bytes);
  expect([status, json.detail]).toEqual([400, expect.stringMatching(why)]);
  const { modules } = (await platform.admin("GET", "admin/list")).json;
  expect(modules.map(({ name }: { name: string }) => name)).not.toContain("bad");
});

test("names, digests, paths, methods and cron lines that are none are refused with the reason", async () => {
  const blob = { content_type: "text/plain", bytes: "YQ==" };
  expect(await refused("blob/register", { ...blob, name: "a/b" })).toEqual([400, expect.stringMatching(/"a\/b"/)]);
  expect(await refused("blob/register", { ...blob, tech_id: "0".repeat(64) })).toEqual([
    400,
    expect.stringMatching(/digest of what came is/),
  ]);
  expect(await refused("blob/register", { ...blob, bytes: "$" })).toEqual([400, '"bytes" should be base64.']);
  const plug = { method: "GET", path: "/x", name: "web", start_function: "echo" };
  for (const path of ["x", "/a/../b", "/a//b", "/*a/b", "/!a/!a", "/a?b", "/my-own-cluster/api/x"]) {
    expect(await refused("function/plug", { ...plug, path })).toEqual([400, expect.stringContaining(path.slice(0, 5))]);
  }
  expect((await refused("function/plug", { ...plug, method: "BREW" }))[0]).toBe(400);
  expect(await refused("function/plug", { ...plug, start_function: "nope" })).toEqual([
    400,
    expect.stringMatching(/no function "nope".*echo/),
  ]);
  expect(await refused("function/plug", { ...plug, name: "math", start_function: "add" })).toEqual([
    400,
    expect.stringMatching(/takes 2 numbers/),
  ]);
  expect(await refused("function/plug", { ...plug, name: "nobody" })).toEqual([
    404,
    expect.stringMatching(/register it/),
  ]);
  const schedule = { name: "web", start_function: "tick", cron: "whenever" };
  expect(await refused("schedule/plug", schedule)).toEqual([400, expect.stringMatching(/"whenever"/)]);
  expect(await refused("schedule/plug", { ...schedule, cron: "* * * * *", timezone: "Mars" })).toEqual([
    400,
    expect.stringMatching(/Mars/),
  ]);
  const noJson = await platform.ask("POST", "/my-own-cluster/api/blob/register", "{", {
    authorization: `Bearer ${platform.token}`,
  });
  expect([noJson.status, noJson.json.detail]).toEqual([400, expect.stringMatching(/no JSON/)]);
});

test("a route that is taken stays, and says what has it", async () => {
  const plug = { method: "GET", path: "/taken/!one", name: "web", start_function: "echo" };
  expect((await platform.admin("POST", "function/plug", plug)).status).toBe(200);
  expect(await refused("function/plug", { ...plug, path: "/taken/!other", start_function: "deny" })).toEqual([
    409,
    expect.stringMatching(/taken by "web" at \/taken\/!one/),
  ]);
  expect((await platform.ask("GET", "/taken/x")).status).toBe(201);
});

test("a guest that fails, or keeps more than it may, harms its own call alone", async () => {
  const plug = { method: "GET", name: "web" };
  for (const [path, start_function] of Object.entries({ "/fails": "fail", "/odd": "odd", "/well": "echo" })) {
    expect((await platform.admin("POST", "function/plug", { ...plug, path, start_function })).status).toBe(200);
  }
  const statuses = await Promise.all(
    ["/fails", "/well", "/odd", "/well"].map(async (path) => (await platform.ask("GET", path)).status),
  );
  expect(statuses).toEqual([500, 201, 500, 201]);
  const keep = { name: "web", start_function: "tick", mode: "direct", input: Buffer.from("more").toString("base64") };
  expect((await platform.admin("POST", "function/call", keep)).status).toBe(200);
  await platform.register("counter", moduleOf("counter"));
  const long = {
    name: "counter",
    start_function: "count",
    mode: "direct",
    input: Buffer.from("x".repeat(30)).toString("base64"),
  };
  expect(await refused("function/call", long)).toEqual([413, expect.stringMatching(/20 are the most/)]);
});

test("limits hold: a loop without end, an output without end; an exit status is a result", async () => {
  const spin = { name: "math", start_function: "spin", mode: "direct" };
  expect(await refused("function/call", spin)).toEqual([504, expect.stringMatching(/500 ms, its limit/)]);
  const probe = (...posix_arguments: string[]) =>
    platform.admin("POST", "function/call", { name: "probe", mode: "posix", posix_arguments });
  expect((await probe("flood")).status).toBe(413);
  expect((await probe("exit", "7")).json).toMatchObject({ status: true, result: 7 });
});
