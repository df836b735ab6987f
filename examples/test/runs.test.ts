import { expect, test } from "vitest";
import { upLocal } from "./up-local.ts";

const INPUT = { what: "a trip", who: "ann", boss: "bob" };

test("the command line lists runs, shows one as a timeline, and steers it, also where nothing of the app runs; delete says how many are open", async () => {
  const app = await upLocal("approval");
  const runs = (...words: readonly string[]) => app.type("runs", ...words);
  const json = (...words: readonly string[]) => JSON.parse(runs(...words, "--json"));
  const state = (id: string) => json(id).state;
  try {
    await app.call("approval", "start", { input: INPUT, id: "trip/1" });
    await expect.poll(() => json("trip/1").awaited?.length, { timeout: 30_000, interval: 500 }).toBe(2);
    expect(json("trip/1")).toMatchObject({
      program: "approval",
      state: "open",
      timeline: [
        { n: 0, what: "started", outcome: JSON.stringify(INPUT) },
        { n: 1, what: "call mail.send", tookMs: expect.any(Number), outcome: "" },
        { n: 3, what: "message for answer", outcome: "waits for a message" },
        { n: 4, what: "sleep 1d", outcome: expect.stringMatching(/^sleeps until 20/) },
      ],
    });
    const shown = runs("trip/1").split("\n");
    expect(shown[0]).toMatch(/^approval trip\/1: open; started 20/);
    expect(shown[2]).toMatch(/^0 +20\S+ +started +\{"what"/);
    expect(json().runs).toMatchObject([{ program: "approval", id: "trip/1", state: "open", events: 5 }]);
    expect(runs("trip/1", "events").trim().split("\n")).toHaveLength(5);
    expect(json("trip/1", "fork", "--at=1", "--as=trip/2")).toEqual({ id: "trip/2", created: true });
    runs("trip/1", "pause");
    await expect.poll(() => state("trip/1"), { timeout: 30_000, interval: 500 }).toBe("paused");
    expect(json("trip/1", "resume")).toEqual({ id: "trip/1", resumed: true });
    runs("trip/2", "cancel", "too dear");
    await expect.poll(() => state("trip/2"), { timeout: 30_000, interval: 500 }).toBe("ended");
    expect(json("trip/2").timeline.at(-1)).toMatchObject({
      what: "ended",
      outcome: expect.stringMatching(/too dear$/),
    });
    expect(json("--state=open").runs).toHaveLength(1);
    expect(() => runs("trip/9")).toThrow(/There is no run "trip\/9"/);
    expect(() => runs("trip/1", "stop")).toThrow(/runs does no "stop"/);
  } finally {
    await app.stop();
  }
  // Nothing runs now: to delete it keeps its open runs, and says how many, or asks.
  expect(JSON.parse(app.type("delete", "--json")).resources).toContainEqual(
    expect.objectContaining({ kind: "durable", name: "approval", holds: "1 open run, 1 finished run" }),
  );
  expect(() => app.type("delete", "--data")).toThrow(/durable approval: 1 open run, 1 finished run\n.*say --yes/);
  // What is told a run waits for the next up.
  const sent = json("trip/1", "send", "answer", '{"by":"ann","yes":true}', "--key=k");
  expect(sent).toEqual({ id: "trip/1", hook: "answer", duplicate: false });
  expect(json("trip/1", "send", "answer", "1", "--key=k").duplicate).toBe(true);
  await using again = await upLocal("approval");
  expect(await again.call("approval", "result", { id: "trip/1" })).toEqual({ approved: true, by: "ann" });
  expect(state("trip/1")).toBe("ended");
}, 180_000);
