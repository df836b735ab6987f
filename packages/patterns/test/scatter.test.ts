import { once } from "node:events";
import { type Context, HadronError, service } from "@hadron/core";
import { start, type TestReplica } from "@hadron/core/testing";
import { scatter } from "@hadron/patterns";
import { expect, test } from "vitest";

const index = (_: unknown, { replica }: Context) => replica.index;

/** Leaves of which some reply never, and tell when they are given up. */
const hangsAt =
  (stopped: number[], ...indices: number[]) =>
  async (_: unknown, { replica, signal }: Context): Promise<number> => {
    if (!indices.includes(replica.index)) return replica.index;
    await once(signal, "abort");
    stopped.push(replica.index);
    throw signal.reason;
  };

async function* count(from: number): AsyncGenerator<number> {
  for (let step = 0; step < 3; step++) yield from + step;
}

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

test("gather is told that nobody is missing where all have replied, with a quorum and without", async () => {
  const gather = (_: number[], { missing }: { missing: readonly string[] }) => missing;
  const plain = service("plain", scatter(3, index, gather));
  const quorate = service("quorate", scatter(3, index, gather, { quorum: 3 }));
  await using _app = await start(plain, quorate);
  expect([await plain(), await quorate()]).toEqual([[], []]);
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

test("with a quorum gather runs as soon as so many have replied, is told who is missing, and the others stop", async () => {
  const stopped: number[] = [];
  const all = service(
    "all",
    scatter(4, hangsAt(stopped, 1), (replies, { missing }) => ({ replies, missing }), { quorum: 3 }),
  );
  await using _app = await start(all);
  expect(await all()).toEqual({ replies: [0, 2, 3], missing: ["all.leaf.1"] });
  await expect.poll(() => stopped).toEqual([1]);
});

test.for([
  ["is slow", (leaf: TestReplica) => leaf.slow(60_000)],
  ["hangs", (leaf: TestReplica) => leaf.hang()],
  ["is dead", (leaf: TestReplica) => leaf.kill()],
  ["is away", (leaf: TestReplica) => leaf.kill({ away: true })],
  ["is cut off", (leaf: TestReplica) => leaf.cut()],
] as const)("a quorum does not wait for a leaf that %s", async ([, harm]) => {
  const all = service(
    "all",
    scatter(3, index, (replies, { missing }) => ({ replies, missing }), { quorum: 2 }),
  );
  await using app = await start(all);
  harm(app.replica("all.leaf", 0));
  expect(await all()).toEqual({ replies: [1, 2], missing: ["all.leaf.0"] });
});

test("a quorum that cannot be reached any more fails at once, names the missing, and the others stop", async () => {
  const stopped: number[] = [];
  const all = service(
    "all",
    scatter(4, hangsAt(stopped, 1, 2, 3), (replies) => replies, { quorum: 3, timeoutMs: 60_000 }),
  );
  await using app = await start(all);
  app.replica("all.leaf", 0).kill();
  const failed = expect(all()).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(
      /3 of 4 leaves of "all.leaf" must reply; . did, and 2 cannot any more. Missing: all.leaf.0, all.leaf.2/,
    ),
  });
  await expect.poll(() => app.replica("all.leaf", 3).calls).toBe(1);
  app.replica("all.leaf", 2).kill();
  await failed;
  await expect.poll(() => stopped).toEqual(expect.arrayContaining([1, 3]));
});

test("without a quorum the first failure fails the call, and the other leaves stop", async () => {
  const stopped: number[] = [];
  const hang = hangsAt(stopped, 0, 2);
  const all = service(
    "all",
    scatter(
      3,
      (input: unknown, context: Context) => {
        if (context.replica.index === 1) throw new HadronError("NOT_FOUND", "No such thing here.");
        return hang(input, context);
      },
      (replies) => replies,
    ),
  );
  await using _app = await start(all);
  await expect(all()).rejects.toMatchObject({ code: "NOT_FOUND", path: ["all", "all.leaf.1"] });
  await expect.poll(() => stopped.toSorted()).toEqual([0, 2]);
});

test("a caller that goes away stops every leaf of a round", async () => {
  const stopped: number[] = [];
  const all = service(
    "all",
    scatter(3, hangsAt(stopped, 0, 1, 2), (replies) => replies, { quorum: 1 }),
  );
  await using app = await start(all);
  const caller = new AbortController();
  const failed = expect(all.with({ signal: caller.signal })()).rejects.toMatchObject({ code: "CANCELLED" });
  await expect.poll(() => app.replicas("all.leaf").map((leaf) => leaf.calls)).toEqual([1, 1, 1]);
  caller.abort();
  await failed;
  await expect.poll(() => stopped.toSorted()).toEqual([0, 1, 2]);
});

test("with timeoutMs gather waits for all, and without enough of them by then the call fails and names them", async () => {
  const all = service(
    "all",
    scatter(3, hangsAt([], 1, 2), (replies) => replies, { timeoutMs: 100 }),
  );
  const quick = service(
    "quick",
    scatter(3, index, (replies, { missing }) => ({ replies, missing }), { quorum: 1, timeoutMs: 60_000 }),
  );
  await using app = await start(all, quick);
  app.replica("quick.leaf", 0).slow(20);
  expect(await quick()).toEqual({ replies: [0, 1, 2], missing: [] });
  await expect(all()).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(/; 1 did within 100 ms, and 2 cannot any more. Missing: all.leaf.1, all.leaf.2/),
  });
});

test("a quorum of streams gives gather those that began, to their end", async () => {
  const all = service(
    "all",
    scatter(
      3,
      async (_: unknown, { replica, signal }: Context) => {
        if (replica.index === 0) await once(signal, "abort");
        return count(replica.index * 10);
      },
      async function* (replies) {
        for (const reply of replies) yield* reply;
      },
      { quorum: 2 },
    ),
  );
  await using _app = await start(all);
  const got: number[] = [];
  for await (const item of all()) got.push(item);
  expect(got).toEqual([10, 11, 12, 20, 21, 22]);
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
  for (const quorum of [0, -1, 1.5, 4, Number.NaN])
    expect(() => scatter(3, index, (it) => it, { quorum })).toThrow(
      `quorum is ${quorum}, and should be a whole number`,
    );
  for (const quorum of [1, 3]) scatter(3, index, (it) => it, { quorum });
  expect(() => scatter(0, index, (it) => it)).toThrow("the count is 0");
  expect(() => scatter(3, index, (it) => it, { timeoutMs: 0 })).toThrow("timeoutMs is 0");
  expect(() => scatter(3, index, undefined as never)).toThrow("gather is undefined");
});
