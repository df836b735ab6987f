import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test, vi } from "vitest";
import { upLocal } from "./up-local.ts";

const MODULE = resolve(import.meta.dirname, "../uppercase.wasm");

test("my-own-cluster.ts takes a module, and answers with it, after all of its processes died, too", {
  timeout: 90_000,
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
  up.killAll();
  await vi.waitFor(async () => expect(await ask()).toBe("HELLO"), { timeout: 30_000, interval: 200 });
});
