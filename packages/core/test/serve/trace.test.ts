import { service } from "@hadron/core";
import { observe } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { createRig } from "../call/rig.ts";

const leaf = service("leaf", (n: number) => n + 1);
const root = service("root", async (n: number) => leaf(n));

test("a replica tells the calls that have come and left since it was asked before, for as long as it is asked", async () => {
  await using app = await start(root, leaf, { time: "virtual" });
  const ask = (of: string, input?: unknown) => app.call(of, "hadron.trace", input) as Promise<any>;
  await root(1);
  expect(await ask("root")).toMatchObject({ replica: "root.0", records: [] });
  await ask("leaf");
  await root(1);
  const [above, below] = [await ask("root"), await ask("leaf")];
  const [came, left] = above.records;
  expect(above.records).toHaveLength(2);
  expect([came.side, left.side].sort()).toEqual(["calling", "serving"]);
  const out = above.records.find(({ side }: { side: string }) => side === "calling");
  expect(out).toMatchObject({ service: "leaf", replica: "leaf.0", attempt: 1, code: undefined });
  // One of the records is another's other end.
  expect(below.records).toMatchObject([{ side: "serving", connection: out.connection, number: out.number }]);
  expect(below.wallNow - below.now).toBe(above.wallNow - above.now);
  expect((await ask("leaf")).records).toEqual([]);

  // Asked for a second, and not again in time: it records no more.
  await ask("leaf", { forMs: 1000 });
  await app.advance("2s");
  await root(1);
  expect((await ask("leaf", { forMs: 0 })).records).toEqual([]);
  await root(1);
  expect((await ask("leaf")).records).toEqual([]);
});

test("a time that is none is refused, and so is a second observer", async () => {
  await using rig = createRig(leaf);
  const { server, address } = await rig.serve("leaf");
  rig.publish("leaf", [{ address }]);
  for (const forMs of [-1, "a minute", 3_600_001]) {
    await expect(rig.call("leaf", "hadron.trace", { forMs })).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining("should be milliseconds from 0 to 3600000"),
    });
  }
  const stop = observe(server.dispatcher, { began: () => 0, ended() {} });
  await expect(rig.call("leaf", "hadron.trace")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  stop();
  expect(await rig.call("leaf", "hadron.trace")).toMatchObject({ replica: "leaf.0", records: [] });
});
