import { type Context, HadronError, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { scatter } from "@hadron/patterns";
import { expect, test } from "vitest";

const index = (_: unknown, { replica }: Context) => replica.index;

test("every leaf gets the request, knows its index, and replies in the order of the leaves", async () => {
  const all = service(
    "all",
    scatter(
      5,
      (word: string, { replica }: Context) => `${word}${replica.index}/${replica.count}`,
      (it) => it,
    ),
  );
  await using app = await start(all);
  expect(await all("a")).toEqual(["a0/5", "a1/5", "a2/5", "a3/5", "a4/5"]);
  expect(app.replicas("all.leaf").map((one) => one.calls)).toEqual([1, 1, 1, 1, 1]);
});

test("one missing leaf fails the call by default, and is named", async () => {
  const all = service(
    "all",
    scatter(3, index, (it) => it),
  );
  await using app = await start(all);
  app.replica("all.leaf", 1).kill();
  await expect(all()).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("all.leaf.1") });
});

test("a leaf that fails fails the call with its own error and the path to it", async () => {
  const all = service(
    "all",
    scatter(
      3,
      (_: unknown, { replica }: Context) => {
        if (replica.index === 2) throw new HadronError("NOT_FOUND", "No such thing here.");
        return 1;
      },
      (it) => it,
    ),
  );
  await using _app = await start(all);
  await expect(all()).rejects.toMatchObject({
    code: "NOT_FOUND",
    detail: "No such thing here.",
    path: ["all", "all.leaf.2"],
  });
});

test("with a quorum gather runs on what came, and is told what is missing", async () => {
  const all = service(
    "all",
    scatter(4, index, (replies, { missing }) => ({ replies, missing }), { quorum: 3 }),
  );
  await using app = await start(all);
  expect(await all()).toEqual({ replies: [0, 1, 2, 3], missing: [] });
  app.replica("all.leaf", 2).kill();
  expect(await all()).toEqual({ replies: [0, 1, 3], missing: ["all.leaf.2"] });
  app.replica("all.leaf", 0).kill();
  await expect(all()).rejects.toThrow(
    /2 of 4 leaves of "all.leaf" replied, and 3 are needed. Missing: all.leaf.0, all.leaf.2/,
  );
});

test("a leaf past timeoutMs is missing, and its work is stopped", async () => {
  const stopped: number[] = [];
  const slow = (_: unknown, { replica, signal }: Context) =>
    replica.index === 0
      ? new Promise<number>((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            stopped.push(replica.index);
            reject(signal.reason);
          });
        })
      : replica.index;
  const all = service(
    "all",
    scatter(3, slow, (replies, { missing }) => ({ replies, missing }), { quorum: 2, timeoutMs: 100 }),
  );
  await using _app = await start(all);
  expect(await all()).toEqual({ replies: [1, 2], missing: ["all.leaf.0"] });
  await expect.poll(() => stopped).toEqual([0]);
});

test("a leaf that is cut off is missing, and back when it is restored", async () => {
  const all = service(
    "all",
    scatter(3, index, (replies) => replies, { quorum: 2, timeoutMs: 300 }),
  );
  await using app = await start(all);
  app.replica("all.leaf", 1).cut();
  expect(await all()).toEqual([0, 2]);
  app.replica("all.leaf", 1).restore();
  await expect.poll(() => all()).toEqual([0, 1, 2]);
});

test("a leaf that is restarting is waited for", async () => {
  const all = service(
    "all",
    scatter(3, index, (replies) => replies),
  );
  await using app = await start(all);
  app.replica("all.leaf", 1).kill({ away: true });
  const answer = all();
  setTimeout(() => app.replica("all.leaf", 1).restart(), 50);
  expect(await answer).toEqual([0, 1, 2]);
});

test("each shard of a nested scatter has leaves of its own", async () => {
  const who = (_: unknown, { replica }: Context) => `${replica.name}:${replica.index}/${replica.count}`;
  const tree = service(
    "tree",
    scatter(
      2,
      scatter(3, who, (it) => it),
      (it) => it,
    ),
  );
  await using _app = await start(tree);
  expect(await tree()).toEqual([
    ["tree.leaf.leaf.0:0/3", "tree.leaf.leaf.2:1/3", "tree.leaf.leaf.4:2/3"],
    ["tree.leaf.leaf.1:0/3", "tree.leaf.leaf.3:1/3", "tree.leaf.leaf.5:2/3"],
  ]);
});

test("options that make no sense are refused", () => {
  expect(() => scatter(3, index, (it) => it, { quorum: 4 })).toThrow(
    "quorum is 4, and should be a whole number from 1 to 3",
  );
  expect(() => scatter(0, index, (it) => it)).toThrow("the count is 0");
  expect(() => scatter(3, index, (it) => it, { timeoutMs: 0 })).toThrow("timeoutMs is 0");
  expect(() => scatter(3, index, undefined as never)).toThrow("gather is undefined");
});
