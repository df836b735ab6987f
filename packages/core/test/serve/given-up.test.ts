import { HadronError, service } from "@hadron/core";
import { expect, test } from "vitest";
import type { ErrorData } from "../../src/errors.ts";
import type { Scope } from "../../src/scope/scope.ts";
import type { ReplicaDispatcher } from "../../src/serve/dispatch/dispatcher.ts";
import { createRig } from "../call/rig.ts";

const GIVEN_UP = new HadronError("CANCELLED", "The caller gave the call up.");

/** Hands a call to a dispatcher, as a transport does. */
function hand(
  dispatcher: ReplicaDispatcher,
  procedure: string,
): { readonly scope: Scope; readonly failures: ErrorData[] } {
  const failures: ErrorData[] = [];
  const call = {
    procedure,
    input: undefined,
    timeoutMs: 10_000,
    trace: undefined,
    meta: undefined,
    caller: undefined,
    callId: undefined,
  };
  const scope = dispatcher.dispatch(call, {
    ok() {},
    fail: (error) => failures.push(error),
    stream: () => ({ item: () => true }),
  });
  return { scope, failures };
}

const atWork = (dispatcher: ReplicaDispatcher) =>
  [...dispatcher.admission.metrics()].find((metric) => metric.name === "hadron_concurrency")?.value;

test("a call that is given up while it waits for its turn does not run its handler", async () => {
  let runs = 0;
  const one = service("one", {
    burn: () => {
      const until = performance.now() + 20;
      while (performance.now() < until);
    },
    count: () => ++runs,
  });
  await using rig = createRig(one);
  const { server, address } = await rig.serve("one");
  rig.publish("one", [{ address }]);
  hand(server.dispatcher, "burn");
  const waiting = hand(server.dispatcher, "count");
  expect(runs).toBe(0);
  waiting.scope.cancel(GIVEN_UP);
  expect(waiting.failures).toMatchObject([{ code: "CANCELLED", path: ["one"] }]);
  // This one came later, and waits behind it.
  expect(await rig.call("one", "count")).toBe(1);
  expect(waiting.failures).toHaveLength(1);
});

test("a stream that a handler returns after its caller has left is ended, and gives its place back", async () => {
  const release = Promise.withResolvers<void>();
  let ended = 0;
  const one = service(
    "one",
    async () => {
      await release.promise;
      return (async function* () {
        try {
          for (let item = 0; ; item++) yield item;
        } finally {
          ended++;
        }
      })();
    },
    { limits: { concurrency: 1 } },
  );
  await using rig = createRig(one);
  const { server } = await rig.serve("one");
  const { scope, failures } = hand(server.dispatcher, "one");
  scope.cancel(GIVEN_UP);
  expect(failures).toMatchObject([{ code: "CANCELLED" }]);
  expect(atWork(server.dispatcher)).toBe(1);
  release.resolve();
  await expect.poll(() => atWork(server.dispatcher)).toBe(0);
  expect(failures).toHaveLength(1);
  expect(ended).toBeLessThanOrEqual(1);
});
