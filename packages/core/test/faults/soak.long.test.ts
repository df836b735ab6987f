import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isHadronError, procedure, service } from "@hadron/core";
import { expect, test } from "vitest";
import { createRig } from "../call/rig.ts";
import { startProxy } from "./proxy.ts";

const CALLS = 1_000_000;
const WARM_UP = 150_000;
const CALLERS = 64;

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

const one = service("one", {
  echo: (input: unknown) => input,
  again: procedure({ idempotent: true }, async (input: unknown) => input),
  fail: () => {
    throw new Error("as told");
  },
  hang: (_: unknown, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
});

test("a million calls with faults leave the heap where it was", async () => {
  await using rig = createRig(one);
  const replicas = [
    await rig.serve("one", 0, "unix"),
    await rig.serve("one", 1, "unix"),
    await rig.serve("one", 2, "unix"),
  ];
  await using proxy = await startProxy(replicas[0]!.address);
  rig.publish("one", [
    { address: proxy.address },
    { address: replicas[1]!.address },
    { address: replicas[2]!.address },
  ]);
  const codes = new Map<string, number>();
  let made = 0;
  let heapBefore = 0;

  const make = async (id: number): Promise<void> => {
    try {
      if (id % 997 === 0) await rig.host.call("one", "hang", id, { timeoutMs: 5 });
      else if (id % 499 === 0) {
        const controller = new AbortController();
        const call = rig.host.call("one", "hang", id, { signal: controller.signal });
        setImmediate(() => controller.abort());
        await call;
      } else if (id % 251 === 0) await rig.host.call("one", "fail", id, {});
      else {
        const output = await rig.host.call("one", id % 2 === 0 ? "echo" : "again", id, {});
        if (output !== id) throw new Error(`${id} was answered with ${output}`);
      }
    } catch (error) {
      if (!isHadronError(error)) throw error;
      codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
    }
  };
  const settled = async () => {
    await expect
      .poll(() => replicas.reduce((sum, one) => sum + one.server.dispatcher.inFlight, 0), { timeout: 10_000 })
      .toBe(0);
    gc();
    gc();
    return process.memoryUsage().heapUsed;
  };
  const run = async (until: number) => {
    const caller = async () => {
      while (made < until) {
        const id = made++;
        if (id % 20_000 === 10_000) proxy.cut();
        if (id % 100_000 === 50_000) {
          const ordinal = 1 + ((id / 50_000) % 2);
          const { server, address } = replicas[ordinal]!;
          server.drain(10_000).then(async () => {
            replicas[ordinal] = await rig.serve("one", ordinal, address);
          });
        }
        await make(id);
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  };
  await run(WARM_UP);
  heapBefore = await settled();
  await run(CALLS);
  const heapAfter = await settled();
  // Whatever was kept for a call would be at least some tens of bytes, and there were 850,000 more.
  expect((heapAfter - heapBefore) / 2 ** 20).toBeLessThan(12);
  expect([...codes.keys()].sort()).toEqual(["CANCELLED", "DEADLINE_EXCEEDED", "HANDLER_FAILED", "UNAVAILABLE"]);
  // A cut costs what was under way, and nothing else.
  expect(codes.get("UNAVAILABLE")).toBeLessThan((CALLS / 20_000) * CALLERS);
  for (const name of ["hadron_client_in_flight", "hadron_client_waiting"]) expect(rig.metric(name), name).toBe(0);
});
