import { type Context, type Part, service } from "@hadron/core";
import { scatter, shard, spread } from "@hadron/patterns";
import { expectTypeOf, test } from "vitest";

test("a scatter takes its leaf's input and gives what gather gives", () => {
  const lengths = service(
    "lengths",
    scatter(
      3,
      (word: string) => word.length,
      (replies) => replies.join(),
    ),
  );
  expectTypeOf(lengths).parameters.toEqualTypeOf<[input: string]>();
  expectTypeOf(lengths).returns.toEqualTypeOf<Promise<string>>();
  // @ts-expect-error: the input is a string
  const wrong = () => lengths(5);
  const badGather = () =>
    scatter(
      3,
      (word: string) => word.length,
      // @ts-expect-error: the replies are numbers
      (replies: string[]) => replies,
    );
  void [wrong, badGather];
});

test("a scatter whose leaf takes nothing takes nothing", () => {
  const sum = service(
    "sum",
    scatter(
      3,
      () => 1,
      (replies, { missing }) => replies.length + missing.length,
    ),
  );
  expectTypeOf(sum).parameters.toEqualTypeOf<[]>();
  expectTypeOf(sum).returns.toEqualTypeOf<Promise<number>>();
  // @ts-expect-error: it takes no input
  const wrong = () => sum(1);
  void wrong;
});

test("a scatter awaits what its leaf promises", () => {
  expectTypeOf(
    scatter(
      3,
      async (n: number, _context: Context) => `${n}`,
      (replies) => replies,
    ),
  ).toEqualTypeOf<Part<(input: number) => string[]>>();
});

test("a scatter of scatters has the inner one's input and the outer one's output", () => {
  const add = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
  const tree = service(
    "tree",
    scatter(
      2,
      scatter(3, (word: string) => word.length, add),
      (sums) => ({ total: add(sums) }),
    ),
  );
  expectTypeOf(tree).parameters.toEqualTypeOf<[input: string]>();
  expectTypeOf(tree).returns.toEqualTypeOf<Promise<{ total: number }>>();
});

const store = {
  put: ({ key, value }: { key: string; value: number }) => `${key}${value}`,
  get: ({ key }: { key: string }) => key.length,
};

test("a shard offers what its leaf offers, and by gets any of the inputs", () => {
  const sharded = service("sharded", shard(4, store, { by: (input) => input.key }));
  expectTypeOf(sharded.put).parameters.toEqualTypeOf<[input: { key: string; value: number }]>();
  expectTypeOf(sharded.get).returns.toEqualTypeOf<Promise<number>>();
  // @ts-expect-error: value is a number
  const wrong = () => sharded.put({ key: "a", value: "b" });
  // @ts-expect-error: there is no such procedure
  const none = () => sharded.del;
  // @ts-expect-error: the inputs have no such field
  const badKey = () => shard(4, store, { by: (input) => input.user });
  // @ts-expect-error: by is needed
  const noKey = () => shard(4, store);
  void [wrong, none, badKey, noKey];
});

test("a shard of scatters and a spread of services keep their types", () => {
  const index = service(
    "index",
    shard(
      2,
      scatter(
        3,
        ({ term }: { term: string }) => [term],
        (found) => found.flat(),
      ),
      { by: ({ term }) => term },
    ),
  );
  expectTypeOf(index).parameters.toEqualTypeOf<[input: { term: string }]>();
  expectTypeOf(index).returns.toEqualTypeOf<Promise<string[]>>();
  const worker = service("worker", (n: number) => n > 1);
  const many = service("many", spread(4, worker));
  expectTypeOf(many).parameters.toEqualTypeOf<[input: number]>();
  expectTypeOf(many).returns.toEqualTypeOf<Promise<boolean>>();
  // @ts-expect-error: the input is a number
  const wrong = () => many("x");
  void wrong;
});

test("a leaf must be a part", () => {
  // @ts-expect-error: a number is no leaf
  const number = () => spread(4, 5);
  // @ts-expect-error: an object of numbers is no leaf
  const numbers = () => spread(4, { a: 5 });
  // @ts-expect-error: scatter takes a leaf of one procedure
  const several = () => scatter(4, store, (replies) => replies);
  void [number, numbers, several];
});
