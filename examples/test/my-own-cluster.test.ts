import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test, vi } from "vitest";
import { upLocal } from "./up-local.ts";

const root = resolve(import.meta.dirname, "../..");
const MODULE = join(root, "examples/uppercase.wasm");

test("my-own-cluster.ts takes a module, and answers with it, after all of its processes died, too", {
  timeout: 180_000,
}, async () => {
  await using up = await upLocal("my-own-cluster");
  const url = up.endpoint("my-own-cluster");
  expect(url).toBe("http://127.0.0.1:8443");
  const token = await vi.waitUntil(() => up.type("logs", "my-own-cluster").match(/shown this once: ([\w-]+)/)?.[1]);
  const post = async (path: string, body: unknown) => {
    const headers = { authorization: `Bearer ${token}` };
    return fetch(`${url}/my-own-cluster/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  };
  const bytes = readFileSync(MODULE).toString("base64");
  expect((await post("blob/register", { name: "upper", content_type: "application/wasm", bytes })).status).toBe(200);
  expect((await post("function/plug", { method: "POST", path: "/up", name: "upper" })).status).toBe(200);
  const ask = async () => (await fetch(`${url}/up`, { method: "POST", body: "hello" })).text();
  expect(await ask()).toBe("HELLO");

  const folder = mkdtempSync(join(tmpdir(), "hadron cluster "));
  await using _ = { [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }) };
  mkdirSync(join(folder, "site/css"), { recursive: true });
  writeFileSync(join(folder, "site/index.html"), "<p>");
  writeFileSync(join(folder, "site/css/a.css"), "p{}");
  const cluster = (...words: string[]) =>
    execFileSync("tsx", [join(root, "client.ts"), "cluster", ...words], {
      cwd: folder,
      encoding: "utf8",
      input: "from stdin",
      env: { ...process.env, HADRON_TOKEN: token },
    }).trimEnd();
  expect(cluster("push", "tool", MODULE)).toMatch(/^tool is [0-9a-f]{64}$/);
  expect(cluster("call", "tool", "--input=-")).toBe("FROM STDIN");
  expect(JSON.parse(cluster("call", "tool", "--input=a", "--json"))).toEqual({
    status: true,
    result: 0,
    output: "QQ==",
  });
  expect(cluster("upload", "/site", "site")).toBe("/site/css/a.css\n/site/index.html");
  expect((await fetch(`${url}/site/css/a.css`)).headers.get("content-type")).toMatch(/^text\/css/);
  expect(cluster("schedule", "0 3 * * *", "tool", "--data=x")).toMatch(/\S+/);
  expect(cluster("list")).toMatch(/POST \/up/);
  const key = JSON.parse(cluster("export", "backup.tar.gz", "--json")).key;
  expect(cluster("status")).toContain(key);
  expect(() => cluster("import", "backup.tar.gz", `--key=${key}`)).toThrow(/not empty/);
  expect(() => cluster("rollback", "tool")).toThrow(/nothing to go back to/);
  expect(() => cluster("push", "tool")).toThrow(/push NAME FILE/);
  expect(() => cluster("list", "--token=wrong-wrong-wrong-wrong")).toThrow(/401/);
  expect(cluster("--help")).toMatch(/plug-filter NAME/);

  up.killAll();
  await vi.waitFor(async () => expect(await ask()).toBe("HELLO"), { timeout: 30_000, interval: 200 });
});
