import { procedure, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { spread } from "@hadron/patterns";
import { expect, test } from "vitest";

test("calls go to every replica, one each", async () => {
  const one = service(
    "one",
    spread(4, (_: unknown, { replica }) => replica.name),
  );
  await using app = await start(one);
  const names = await Promise.all(Array.from({ length: 100 }, () => one(1)));
  expect(new Set(names).size).toBe(4);
  expect(app.replicas("one.leaf").reduce((sum, replica) => sum + replica.calls, 0)).toBe(100);
});

test("a replica that works on much gets less", async () => {
  const release = Promise.withResolvers<void>();
  const leaf = async (_: unknown, { replica }: { replica: { name: string } }) => {
    if (replica.name === "one.leaf.0") await release.promise;
    return replica.name;
  };
  const one = service("one", spread(2, leaf));
  await using app = await start(one);
  const calls: Promise<string>[] = [];
  // One after the other: each choice sees what the ones before have left.
  for (let call = 0; call < 50; call++) {
    calls.push(one(1));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(app.replica("one.leaf", 0).calls).toBeLessThan(10);
  release.resolve();
  await Promise.all(calls);
});

test("a replica that is dead, or away, gets nothing", async () => {
  const one = service(
    "one",
    spread(3, (_: unknown, { replica }) => replica.name),
  );
  await using app = await start(one);
  app.replica("one.leaf", 0).kill();
  app.replica("one.leaf", 1).kill({ away: true });
  expect(new Set(await Promise.all(Array.from({ length: 20 }, () => one(1))))).toEqual(new Set(["one.leaf.2"]));
});

test("a replica whose connections are cut costs nothing that was not sent", async () => {
  const one = service(
    "one",
    spread(3, (_: unknown, { replica }) => replica.name),
  );
  await using app = await start(one);
  await Promise.all(Array.from({ length: 20 }, () => one(1)));
  app.replica("one.leaf", 0).cut();
  const names = await Promise.all(Array.from({ length: 50 }, () => one(1)));
  expect(names).not.toContain("one.leaf.0");
  app.replica("one.leaf", 0).restore();
  await expect.poll(async () => new Set(await Promise.all(Array.from({ length: 20 }, () => one(1)))).size).toBe(3);
});

test("every procedure of the leaf is forwarded, with what was said of it", async () => {
  const read = procedure({ idempotent: true }, (id: number) => id);
  const one = service("one", spread(2, { read, write: (id: number) => -id }));
  await using app = await start(one);
  expect([await one.read(3), await one.write(3)]).toEqual([3, -3]);
  expect(app.topology.services[0]!.idempotent).toEqual(["read"]);
});

test("a hedge needs one procedure that is idempotent, and one is enough", async () => {
  const read = procedure({ idempotent: true }, (id: number) => id);
  const write = (id: number) => -id;
  const hedged = (leaf: Record<string, (id: number) => number>) =>
    start(service("one", spread(2, leaf, { hedge: true })));
  await expect((async () => hedged({ write }))()).rejects.toMatchObject({ code: "INVALID_DECLARATION" });
  await using _app = await hedged({ read, write });
});

test.each([
  ["a negative hedge", () => spread(2, () => 1, { hedge: { afterMs: -1 } })],
  ["half a replica", () => spread(0.5, () => 1)],
])("%s is refused when it is declared", (_, declare) => {
  expect(declare).toThrow(expect.objectContaining({ code: "INVALID_DECLARATION" }));
});

test("a procedure that is passed on is met by its callers as the leaf's is", async () => {
  const face = {
    client:
      (call: (input: unknown) => Promise<unknown>) =>
      (...words: readonly unknown[]) =>
        call(words),
  };
  const leaf = service("leaf", { join: procedure({ face }, (words: string[]) => words.join("-")) });
  const root = service("root", spread(2, leaf));
  await using _ = await start(root);
  const { join } = root as unknown as { join(...words: string[]): Promise<string> };
  expect(await join("a", "b", "c")).toBe("a-b-c");
});
