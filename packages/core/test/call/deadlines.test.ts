import { HadronError, isHadronError, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { scatter } from "@hadron/patterns";
import { expect, test } from "vitest";
import { createRig } from "./rig.ts";

/** A handler that says when its signal aborts. */
function hanging() {
  const began = Promise.withResolvers<void>();
  const ended: { code: string; at: number }[] = [];
  let count = 0;
  return {
    ended,
    /** How many have begun. */
    async begun(wanted: number) {
      while (count < wanted) await new Promise((resolve) => setTimeout(resolve, 2));
    },
    began: began.promise,
    handler: (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise<never>((_resolve, reject) => {
        count++;
        began.resolve();
        signal.addEventListener("abort", () => {
          ended.push({ code: isHadronError(signal.reason) ? signal.reason.code : "?", at: performance.now() });
          reject(signal.reason);
        });
      }),
  };
}

test("past the deadline the caller has DEADLINE_EXCEEDED, and all work below it has seen its signal abort", async () => {
  const leaf = hanging();
  const tree = service(
    "tree",
    scatter(
      3,
      scatter(2, leaf.handler, (replies) => replies),
      (replies) => replies,
    ),
  );
  await using app = await start(tree);
  expect(app.replicas("tree.leaf.leaf")).toHaveLength(6);
  const late: number[] = [];
  for (let round = 1; round <= 5; round++) {
    // Against a timer of this process: what makes that late is the machine.
    const timer = new Promise<number>((resolve) => setTimeout(() => resolve(performance.now()), 100));
    const error = await tree
      .with({ timeoutMs: 100 })(undefined)
      .catch((error: unknown) => error);
    late.push(performance.now() - (await timer));
    expect(error).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      path: expect.arrayContaining([expect.stringMatching(/^tree/)]),
    });
    await expect.poll(() => leaf.ended.length).toBe(6 * round);
  }
  expect(Math.min(...late)).toBeLessThan(50);
});

test("a deadline shrinks at each hop, and a handler cannot give its callees more than it has", async () => {
  let leftMs = 0;
  const leaf = service("leaf", (_: unknown, { deadline }) => {
    leftMs = deadline.getTime() - Date.now();
    return leftMs;
  });
  const root = service("root", (_: unknown) => leaf.with({ timeoutMs: 60_000 })(1));
  await using app = await start(root, leaf);
  await app.client(root).with({ timeoutMs: 2000 })(1);
  expect(leftMs).toBeGreaterThan(0);
  expect(leftMs).toBeLessThanOrEqual(2000);
});

test("a call without a timeout has 30 s", async () => {
  const leaf = service("leaf", (_: unknown, { deadline }) => deadline.getTime() - Date.now());
  await using app = await start(leaf);
  const left = await app.client(leaf)(1);
  expect(left).toBeGreaterThan(20_000);
  expect(left).toBeLessThanOrEqual(30_001);
});

test("a call may be given all the time there is", async () => {
  const leaf = service("leaf", (_: unknown, { deadline }) => deadline.getTime() - Date.now());
  await using app = await start(leaf);
  const left = await app.client(leaf).with({ timeoutMs: Number.POSITIVE_INFINITY })(1);
  expect(left).toBeGreaterThan(20 * 24 * 3600 * 1000);
  await expect(app.client(leaf).with({ timeoutMs: -1 })(1)).rejects.toMatchObject({ code: "WRONG_USE" });
});

test("a caller that gives up stops its whole tree", async () => {
  const leaf = hanging();
  const tree = service(
    "tree",
    scatter(3, leaf.handler, (replies) => replies),
  );
  await using _app = await start(tree);
  const controller = new AbortController();
  const call = tree.with({ signal: controller.signal })(undefined);
  await leaf.begun(3);
  controller.abort(new Error("changed my mind"));
  await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
  await expect.poll(() => leaf.ended.map((one) => one.code)).toEqual(["CANCELLED", "CANCELLED", "CANCELLED"]);
});

test("a call that is given up before it begins is not sent", async () => {
  let runs = 0;
  const leaf = service("leaf", () => ++runs);
  await using app = await start(leaf);
  const client = app.client(leaf);
  await expect(client.with({ signal: AbortSignal.abort() })()).rejects.toMatchObject({ code: "CANCELLED" });
  await expect(client.with({ timeoutMs: 0 })()).rejects.toMatchObject({ code: "UNAVAILABLE", unsent: true });
  await client();
  expect(runs).toBe(1);
});

test("a caller that dies stops what it asked for", async () => {
  const leaf = hanging();
  const one = service("one", leaf.handler);
  await using rig = createRig(one);
  const replica = await rig.serve("one");
  rig.publish("one", [{ address: replica.address }]);
  const caller = rig.caller();
  const call = caller.call("one", "one", 1, {});
  await leaf.began;
  caller.close();
  await expect(call).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await expect.poll(() => leaf.ended.map((one) => one.code)).toEqual(["CANCELLED"]);
});

test("a call that a handler makes after it has returned keeps the handler's deadline", async () => {
  const leaf = hanging();
  const late = Promise.withResolvers<unknown>();
  const below = service("below", leaf.handler);
  const root = service("root", () => {
    setTimeout(() => below(1).catch((error: unknown) => late.resolve(error)), 20);
    return "returned";
  });
  await using app = await start(root, below);
  expect(await app.client(root).with({ timeoutMs: 300 })()).toBe("returned");
  expect(await late.promise).toMatchObject({ code: "DEADLINE_EXCEEDED" });
});

test("an error names the way of the call, keeps its code, and carries no stack", async () => {
  const secret = "at /home/someone/secret.ts:1:1";
  const leaf = service("leaf", () => {
    const error = new HadronError("NOT_FOUND", "no such user", { cause: new Error(secret) });
    error.stack = secret;
    throw error;
  });
  const root = service("root", () => leaf());
  await using app = await start(root, leaf);
  const error = await app
    .client(root)()
    .catch((error: HadronError) => error);
  expect(error).toMatchObject({ code: "NOT_FOUND", path: ["root", "leaf"], message: "no such user (root → leaf)" });
  expect(JSON.stringify(error) + (error as HadronError).stack + String((error as HadronError).cause)).not.toContain(
    secret,
  );
});
