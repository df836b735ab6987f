import { type Context, procedure, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { scatter, shard, spread } from "@hadron/patterns";
import { expect, expectTypeOf, test } from "vitest";

const lines = {
  read: async function* ({ file }: { file: string }, _context: Context) {
    yield file;
  },
  size: ({ file }: { file: string }) => file.length,
};

test("shard and spread keep a stream a stream", () => {
  const sharded = service("sharded", shard(2, lines, { by: ({ file }) => file }));
  expectTypeOf(sharded.read).parameters.toEqualTypeOf<[input: { file: string }]>();
  expectTypeOf(sharded.read).returns.toEqualTypeOf<AsyncIterable<string>>();
  expectTypeOf(sharded.size).returns.toEqualTypeOf<Promise<number>>();
  const spreaded = service("spreaded", spread(2, lines));
  expectTypeOf(spreaded.read).returns.toEqualTypeOf<AsyncIterable<string>>();
  // @ts-expect-error: a stream is no promise
  const wrong = () => spreaded.read({ file: "x" }).then(() => {});
  void wrong;
});

test("gather gets a stream of each leaf, and may itself stream", async () => {
  const state = { ended: 0 };
  const all = service(
    "all",
    scatter(
      3,
      async function* (to: number, { replica }: Context) {
        try {
          for (let n = 0; n < to; n++) yield replica.index * 1000 + n;
        } finally {
          state.ended++;
        }
      },
      async function* (replies) {
        expectTypeOf(replies).toEqualTypeOf<AsyncIterable<number>[]>();
        for (const reply of replies) yield* reply;
      },
    ),
  );
  expectTypeOf(all).returns.toEqualTypeOf<AsyncIterable<number>>();
  await using _app = await start(all);
  const got: number[] = [];
  for await (const n of all(100)) got.push(n);
  expect(got).toEqual([0, 1, 2].flatMap((leaf) => Array.from({ length: 100 }, (_, n) => leaf * 1000 + n)));
  expect(state.ended).toBe(3);
});

test("a hedged stream comes from one replica, and the other is told", async () => {
  const state = { started: 0, ended: 0 };
  const slow = service(
    "slow",
    spread(
      2,
      procedure({ idempotent: true }, async (to: number) => {
        const nth = ++state.started;
        if (nth === 1) await new Promise((resolve) => setTimeout(resolve, 100));
        return (async function* () {
          try {
            for (let n = 0; n < to; n++) yield `${nth}:${n}`;
          } finally {
            state.ended++;
          }
        })();
      }),
      { hedge: { afterMs: 10 } },
    ),
  );
  await using _app = await start(slow);
  const got: string[] = [];
  for await (const one of slow(200)) got.push(one);
  expect(got).toEqual(Array.from({ length: 200 }, (_, n) => `2:${n}`));
  expect(state.started).toBe(2);
});
