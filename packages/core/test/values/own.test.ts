import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { shard } from "@hadron/patterns";
import { expect, test } from "vitest";
import { DnsDirectory } from "../../src/call/directory/dns-directory.ts";
import { createSystemClock } from "../../src/clock/system-clock.ts";
import { compose } from "../../src/describe/compose/compose.ts";
import { hostOf } from "../../src/run/environment.ts";
import { own } from "../../src/values/own.ts";

test("a table has under a name what was put there, and nothing of JavaScript's", () => {
  expect(own({}, "constructor")).toBeUndefined();
  expect(own({ ["__proto__"]: 1, toString: 2 }, "toString")).toBe(2);
  expect(own({ ["__proto__"]: 1 }, "__proto__")).toBe(1);
  expect(own(undefined, "a")).toBeUndefined();
});

const leaf = service("constructor", {
  constructor: () => "constructor",
  toString: () => "toString",
  hasOwnProperty: (input: unknown) => input,
});
const keys = service(
  "keys",
  shard(2, (key: string) => key, { by: (key) => key }),
);

test("services, procedures, keys and fields may have names that mean something to JavaScript", async () => {
  await using app = await start(leaf, keys);
  const input = JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}');
  expect(await leaf.constructor()).toBe("constructor");
  expect(await (leaf.toString as () => Promise<string>)()).toBe("toString");
  const output = await (leaf.hasOwnProperty as unknown as (input: unknown) => Promise<unknown>)(input);
  expect(JSON.stringify(output)).toBe(JSON.stringify(input));
  for (const key of ["__proto__", "constructor", "toString"]) expect(await keys(key)).toBe(key);
  expect(app.replica("constructor").state).toBe("ready");
});

test("where replicas are is asked by such a name as by any other", () => {
  expect(hostOf({ hosts: {}, peers: { "*": { any: "app-{service}:7070" } } }, "constructor")).toBe("app-constructor");
  const topology = compose("test", [
    service(
      "constructor",
      shard(3, (n: number) => n, { by: (n) => n }),
    ),
  ]).topology;
  const directory = new DnsDirectory({
    topology,
    names: { "*": { any: "{service}:1", shard: "{service}.{ordinal}:1" } },
    counts: {},
    clock: createSystemClock(),
  });
  expect(directory.members("constructor.leaf")).toHaveLength(3);
  directory.close();
});
