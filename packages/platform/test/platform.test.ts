import { createHash } from "node:crypto";
import { expect, test, vi } from "vitest";
import { moduleOf, startPlatform } from "./start-platform.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

test("a module is registered under its digest, called, and answers at its route", async () => {
  await using platform = await startPlatform();
  const digest = createHash("sha256").update(moduleOf("uppercase")).digest("hex");
  expect((await platform.register("uppercase", moduleOf("uppercase"))).json).toEqual({ status: true, tech_id: digest });
  const call = { name: "uppercase", mode: "posix", input: base64("hello") };
  expect((await platform.admin("POST", "function/call", call)).json).toEqual({
    status: true,
    result: 0,
    output: base64("HELLO"),
  });
  const byDigest = await platform.admin("POST", "function/call", { ...call, name: `techID://${digest}` });
  expect(byDigest.json.output).toBe(base64("HELLO"));

  const plug = { method: "post", path: "/up/!what", name: "uppercase", tags: ["demo"] };
  expect((await platform.admin("POST", "function/plug", plug)).json).toEqual({ status: true });
  const routed = await platform.ask("POST", "/up/anything?x=1", "some text");
  expect([routed.status, routed.text, routed.headers["content-type"]]).toEqual([
    200,
    "SOME TEXT",
    "text/plain; charset=utf-8",
  ]);
  expect((await platform.ask("GET", "/up/anything")).status).toBe(405);
  expect((await platform.ask("GET", "/elsewhere")).status).toBe(404);

  expect((await platform.admin("POST", "function/unplug", { method: "POST", path: "/up/!other" })).json.status).toBe(
    true,
  );
  expect((await platform.ask("POST", "/up/anything", "some text")).status).toBe(404);
});

test("a function is called with whole numbers, and gives one", async () => {
  await using platform = await startPlatform();
  await platform.register("math", moduleOf("math"));
  const call = { name: "math", start_function: "add", mode: "direct", arguments: [40, 2] };
  expect((await platform.admin("POST", "function/call", call)).json).toEqual({ status: true, result: 42, output: "" });
  const few = await platform.admin("POST", "function/call", { ...call, arguments: [40] });
  expect([few.status, few.json.detail]).toEqual([400, expect.stringMatching(/2 numbers, and was given 1/)]);
});

test("the most specific path wins, whatever the order, and files are told by their digest", async () => {
  await using platform = await startPlatform();
  const file = async (path: string, text: string) => {
    const { tech_id } = (
      await platform.admin("POST", "blob/register", { content_type: "text/css", bytes: base64(text) })
    ).json;
    const plug = { method: "GET", path, name: `techID://${tech_id}` };
    expect((await platform.admin("POST", "file/plug", plug)).json).toEqual({ status: true });
  };
  await file("/a/*rest", "rest");
  await file("/a/!name", "name");
  await file("/a/b", "b");
  await file("/a/!name/c", "name/c");
  await file("/", "root");
  const textAt = async (path: string) => (await platform.ask("GET", path)).text;
  expect(await Promise.all(["/a/b", "/a/x", "/a/b/c", "/a/b/d", "/a", "/"].map(textAt))).toEqual([
    "b",
    "name",
    "name/c",
    "rest",
    "rest",
    "root",
  ]);
  const answer = await platform.ask("GET", "/a/b");
  expect(answer.headers["content-type"]).toBe("text/css");
  const again = await platform.ask("GET", "/a/b", undefined, { "if-none-match": answer.headers.etag ?? "" });
  expect([again.status, again.text]).toEqual([304, ""]);
  expect((await platform.ask("HEAD", "/a/b")).text).toBe("");
});

test("without the platform's token nobody administers", async () => {
  await using platform = await startPlatform();
  for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: `Bearer ${"x".repeat(43)}` }]) {
    const answer = await platform.ask("GET", "/my-own-cluster/api/admin/status", undefined, headers as {});
    expect([answer.status, answer.json.code ?? answer.json.title]).toEqual([401, expect.any(String)]);
  }
  expect((await platform.admin("GET", "admin/status")).status).toBe(200);
  const nothing = await platform.admin("GET", "admin/nothing");
  expect([nothing.status, nothing.text]).toEqual([
    404,
    expect.stringContaining("GET /my-own-cluster/api/admin/nothing"),
  ]);
  const { token } = (await platform.admin("POST", "admin/token", { expires_in: 0.001 })).json;
  await vi.waitFor(async () => {
    const late = await platform.admin("GET", "admin/status", undefined, token);
    expect([late.status, late.json.detail]).toEqual([401, expect.stringMatching(/expired/)]);
  });
  const next = (await platform.admin("POST", "admin/token", { revoke: true })).json.token;
  expect((await platform.admin("GET", "admin/status")).status).toBe(401);
  expect((await platform.admin("GET", "admin/status", undefined, next)).status).toBe(200);
  // Shown once, and kept as a digest alone.
  expect(platform.logged.filter((line) => line.includes(platform.token))).toHaveLength(1);
});

test("an upgrade is a name that stands for another digest, and can be taken back", async () => {
  await using platform = await startPlatform();
  const first = (await platform.register("tool", moduleOf("uppercase"))).json.tech_id;
  await platform.admin("POST", "function/plug", { method: "POST", path: "/tool", name: "tool" });
  expect((await platform.ask("POST", "/tool", "abcdef")).text).toBe("ABCDEF");
  await platform.register("tool", moduleOf("old-seek"));
  expect((await platform.ask("POST", "/tool", "abcdef")).text).toBe("def");
  expect((await platform.admin("POST", "function/rollback", { name: "tool" })).json.tech_id).toBe(first);
  expect((await platform.ask("POST", "/tool", "abcdef")).text).toBe("ABCDEF");
  expect((await platform.admin("POST", "function/rollback", { name: "tool" })).json.detail).toMatch(
    /nothing to go back/,
  );
});

test("what a module imports of another name is the module of that name", async () => {
  await using platform = await startPlatform();
  const early = await platform.register("interop", moduleOf("interop"));
  expect([early.status, early.json.detail]).toEqual([400, expect.stringMatching(/register it first/)]);
  await platform.register("adder", moduleOf("math"));
  await platform.register("api-demo-c", moduleOf("api-demo"));
  expect((await platform.register("interop", moduleOf("interop"))).status).toBe(200);
  const call = { name: "interop", start_function: "process", mode: "direct", arguments: [20, 1] };
  expect((await platform.admin("POST", "function/call", call)).json.result).toBe(42);
});

test("modules keep values, each its own, and all replicas have them, over the death of one", async () => {
  await using platform = await startPlatform({}, 2);
  const count = async (name: string) => {
    const call = { name, start_function: "count", mode: "direct", input: base64("/page") };
    return Buffer.from((await platform.admin("POST", "function/call", call)).json.output, "base64").toString();
  };
  await platform.register("counter", moduleOf("counter"));
  await platform.register("other", moduleOf("counter"));
  expect([await count("counter"), await count("counter"), await count("other")]).toEqual(["1", "2", "1"]);
  platform.kill();
  expect([await count("counter"), await count("other")]).toEqual(["3", "2"]);
});

test("requests of the first generation are taken as they were", async () => {
  await using platform = await startPlatform();
  const wasm = moduleOf("uppercase").toString("base64");
  const registered = await platform.admin("POST", "function/register", { type: "wasm", name: "up", wasm_bytes: wasm });
  expect(registered.json.status).toBe(true);
  const page = { method: "GET", path: "/page", content_type: "text/html", bytes: base64("<p>") };
  expect((await platform.admin("POST", "file/register", page)).json).toEqual({ status: true });
  expect((await platform.ask("GET", "/page")).text).toBe("<p>");
  const raw = await platform.admin("POST", "function/call", { name: "up", input: "plain", wasi_file_name: "up.wasm" });
  expect(raw.json.output).toBe(base64("PLAIN"));
  const js = await platform.admin("POST", "function/register", { type: "js", name: "x", wasm_bytes: "" });
  expect([js.status, js.json.detail]).toEqual([400, expect.stringMatching(/interpreter/)]);
});
