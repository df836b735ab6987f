import { type BuiltIns, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { BUILT_INS } from "../../src/describe/built-in.ts";
import { createRig } from "../call/rig.ts";
import { callUrl } from "../call-url.ts";

const shop = service("shop", { buy: (what: string) => `one ${what}`, list: () => ["tea"] }, { expose: true });
const healthy = { service: "shop", replica: "shop.0", state: "ready" };

/** What each of them says. */
async function ask(call: (procedure: keyof BuiltIns) => Promise<unknown>) {
  const { methods } = (await call("hadron.discover")) as { methods: readonly { name: string }[] };
  return {
    procedures: methods.map(({ name }) => name),
    health: await call("hadron.health"),
    metrics: String(await call("hadron.metrics")),
  };
}

test("a replica says how it is, what it offers and what it measures, to a caller inside, and to nobody outside", async () => {
  await using rig = createRig(shop);
  const { server, address } = await rig.serve("shop");
  rig.publish("shop", [{ address }]);
  await rig.call("shop", "list");
  const inside = await ask((procedure) => rig.call("shop", procedure));
  expect(inside.procedures).toEqual(["buy", "list"]);
  expect(inside.health).toEqual({ ...healthy, revision: "r", inFlight: 0 });
  expect(inside.metrics).toContain('hadron_calls_total{procedure="list"} 1');
  expect(inside.metrics).toContain("hadron_connections 1");
  const overHttp = await ask((procedure) => callUrl(address.replace("tcp:", "http://"), procedure, undefined));
  expect(overHttp.health).toEqual(inside.health);

  const [outside = ""] = await server.listen(["tcp:127.0.0.1:0"], { exposed: true });
  expect(await callUrl(outside.replace("tcp:", "http://"), "list", undefined)).toEqual(["tea"]);
  for (const procedure of BUILT_INS) {
    const refused = { code: "UNKNOWN_PROCEDURE", message: expect.stringContaining("It has buy, list.") };
    await expect(callUrl(outside.replace("tcp:", "http://"), procedure, undefined)).rejects.toMatchObject(refused);
  }
});

test("a replica of a started app says the same", async () => {
  await using app = await start(shop);
  const told = await ask((procedure) => app.call("shop", procedure));
  expect(told.procedures).toEqual(["buy", "list"]);
  expect(told.health).toMatchObject(healthy);
  expect(told.metrics).toContain("hadron_calls_total");
});

test("no service declares a procedure of such a name", () => {
  expect(() => service("shop", { "hadron.health": () => "fine" })).toThrow('begin with "rpc." or "hadron."');
});
