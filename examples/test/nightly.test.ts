import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { archive, dump, nightly } from "../nightly.ts";
import { upLocal } from "./up-local.ts";

const INPUT = { night: "monday", tables: ["users", "orders"] };
const KEPT = ["monday/orders", "monday/sum", "monday/users"];

test("a night's script waits, tries again, forks children, and cleans up, whether it ends or is cancelled", async () => {
  await using app = await start(nightly, dump, archive, { time: "virtual", seed: 1 });
  const one = await nightly.start(INPUT, { id: "monday" });
  await app.advance("1s");
  expect(await archive("monday")).toEqual(["monday/unfinished"]);
  expect(await one.result()).toMatchObject({ tables: 2 });
  expect(await archive("monday")).toEqual(KEPT);
  expect((await one.children()).map(({ program, state }) => [program, state])).toEqual([
    ["dump", "ended"],
    ["dump", "ended"],
  ]);
  const other = await nightly.start({ ...INPUT, night: "tuesday" }, { id: "tuesday" });
  await app.advance("1s");
  await other.cancel("too late");
  await expect(other.result()).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await archive("tuesday")).toEqual([]);
});

test("under the local runner all processes die in the middle of a night: it goes on, and gives the same", async () => {
  await using app = await upLocal("nightly");
  await app.call("nightly", "start", { input: INPUT, id: "monday" });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  app.killAll();
  const result = () => app.call("nightly", "result", { id: "monday" }).catch(String);
  await expect.poll(result, { timeout: 90_000, interval: 500 }).toEqual({
    tables: 2,
    sum: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(JSON.parse(app.type("call", "archive", '"monday"'))).toEqual(KEPT);
}, 180_000);
