import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { type Rig, SECRET, serviceOf } from "./rig.ts";

/** Calls that reach what was deployed, from services and from outside. */
export function describeCalls(rig: Rig): void {
  const { app, context, endpoints } = rig;
  test("connect gives a way to call, from the process that deployed and from others", async () => {
    expect(await rig.call("front", "hello", "Ann", rig.runner)).toBe("Hello, Ann!");
    expect(await rig.call("front", "hello", "Bob", rig.other)).toBe("Hello, Bob!");
    expect(await rig.call("back", "version")).toBe(1);
  });

  test("services call each rig.other, and the calls reach every replica", async () => {
    const who = new Set<string>();
    await eventually(async () => {
      who.add(await rig.call("front", "who"));
      return who.size === 2 ? true : undefined;
    });
  });

  test("streams pass from service to service and to whoever calls, both ways", async () => {
    const collect = async (items: AsyncIterable<number>) => {
      const all: number[] = [];
      for await (const item of items) all.push(item);
      return all;
    };
    const COUNT = 1000;
    const numbers = Array.from({ length: COUNT }, (_, index) => index + 1);
    expect(await rig.withOutput("front", "count", COUNT, rig.other, collect)).toEqual(numbers);
    async function* made() {
      yield* numbers;
    }
    expect(await rig.call("front", "total", made())).toBe((COUNT * (COUNT + 1)) / 2);
    // Leaving ends the handlers behind it: what goes on for ever would keep its replica from draining.
    const first = async (items: AsyncIterable<number>) => {
      for await (const item of items) return item;
      return undefined;
    };
    expect(await rig.withOutput("front", "count", Number.MAX_SAFE_INTEGER, rig.other, first)).toBe(1);
  });

  // Not skipped where there are none: that is no promise of such a rig.runner.
  if (endpoints) {
    test("an endpoint takes JSON-RPC from outside", async () => {
      const { endpoint } = serviceOf(await rig.runner.status(app, context), "front");
      if (endpoint === null) throw new Error("front has no endpoint");
      const body = JSON.stringify({ jsonrpc: "2.0", method: "hello", params: ["Eve"], id: 1 });
      const response = await fetch(endpoint, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      expect(await response.json()).toEqual({ jsonrpc: "2.0", id: 1, result: "Hello, Eve!" });
      const streamed = await fetch(endpoint, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/x-ndjson" },
        body: JSON.stringify({ jsonrpc: "2.0", method: "count", params: [2], id: 2 }),
      });
      expect(
        (await streamed.text())
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line)),
      ).toEqual([
        { jsonrpc: "2.0", method: "rpc.item", params: { id: 2, item: 1 } },
        { jsonrpc: "2.0", method: "rpc.item", params: { id: 2, item: 2 } },
        { jsonrpc: "2.0", result: null, id: 2 },
      ]);
      expect((await fetch(`${endpoint}/metrics`)).status).toBe(404);
    });
  }

  test("replicas get the environment and the secrets that were declared, and no others", async () => {
    expect(await rig.call("front", "given")).toEqual(["red", SECRET, null]);
  });

  test("status counts calls", async () => {
    const before = await rig.callsOf("front");
    for (let i = 0; i < 3; i++) await rig.call("front", "hello", "x");
    await eventually(async () => ((await rig.callsOf("front")) >= before + 3 ? true : undefined));
  });
}
