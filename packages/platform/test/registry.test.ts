import { HadronError } from "@hadron/core";
import type { Bucket, KeyValue } from "@hadron/resources";
import { expect, test } from "vitest";
import { Registry } from "../src/kept/registry.ts";

test("many misses at once read the store twice: one that began before them says nothing of what was plugged since", async () => {
  const reads: (() => void)[] = [];
  const entries: { key: string; value: unknown }[] = [];
  const store = {
    async *list() {
      await new Promise<void>((resolve) => reads.push(resolve));
      yield* entries;
    },
  };
  const registry = new Registry(store as unknown as KeyValue<unknown>, {} as Bucket);
  const first = registry.findRoute("GET", ["a"]);
  await expect.poll(() => reads.length).toBe(1);
  const others = Array.from({ length: 100 }, () => registry.findRoute("GET", ["a"]));
  reads[0]?.();
  expect(await first).toMatchObject({ kind: "nothing" });
  entries.push({
    key: "route/GET /a",
    value: { kind: "file", method: "GET", path: "/a", name: "a", start: "", data: "", tags: [] },
  });
  await expect.poll(() => reads.length).toBe(2);
  reads[1]?.();
  for (const found of await Promise.all(others)) expect(found).toMatchObject({ kind: "found" });
  expect(reads).toHaveLength(2);
});

test("what is added is there once: another's is told, and a store that fails has added nothing", async () => {
  const failures: HadronError[] = [];
  const given: unknown[] = [];
  const store = {
    async set(...words: unknown[]) {
      given.push(words);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
    },
  };
  const registry = new Registry(store as unknown as KeyValue<unknown>, {} as Bucket);
  const route = { kind: "file", method: "GET", path: "/a", name: "a", start: "", data: "", tags: [] } as const;
  failures.push(new HadronError("ABORTED", "It is there."), new HadronError("UNAVAILABLE", "The store is away."));
  expect(await registry.add("route/", "GET /a", route)).toBe(false);
  await expect(registry.add("route/", "GET /a", route)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(registry.known("route/", "GET /a")).toBeUndefined();
  expect(await registry.add("route/", "GET /a", route, { ttlMs: 5 })).toBe(true);
  expect(registry.known("route/", "GET /a")).toEqual(route);
  expect(given.at(-1)).toEqual(["route/GET /a", route, { ifVersion: 0, ttlMs: 5 }]);
});
