import { HadronError, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { durable, hook, random, sleep, step, uuid } from "@hadron/durable";
import { expect, test } from "vitest";
import { replay } from "../../src/testing/index.ts";

const mail = service("mail", (to: string) => `to ${to}`);

let charged = 0;
const program = async (to: string) => {
  const paid = await step("charge", () => ++charged);
  const sent = await mail(to);
  const said = await Promise.race([hook<string>("said").next(), sleep("1d")]);
  if (said === "no") throw new HadronError("NOT_FOUND", "Nobody wants it.");
  return { paid, sent, said, lucky: random() < 0.5, id: uuid(), on: Math.random() };
};
const order = service("order", durable(program));

/** The history of a run, as a program has it and as a file does. */
async function history(said?: string) {
  await using app = await start(order, mail, { time: "virtual", seed: 3 });
  const one = await order.start("ann", { id: "1" });
  await app.advance("1m");
  if (said === undefined) return await Array.fromAsync(soFar(one));
  await one.send("said", said);
  await one.result().catch(() => {});
  return await Array.fromAsync(one.events());
}

/** Its events, without waiting for more. */
async function* soFar(one: ReturnType<typeof order.run>) {
  const { events } = await one.status();
  for await (const event of one.events()) {
    yield event;
    if (event.n === events - 1) return;
  }
}

const asFile = (events: readonly unknown[]) => JSON.parse(JSON.stringify(events));

test("a program comes to the end of its history again, and does nothing: time, chance and ids are those of then", async () => {
  const events = await history("yes");
  const before = charged;
  const end = events.at(-1);
  const value = end?.type === "ended" && "value" in end ? end.value : undefined;
  expect(value).toMatchObject({ sent: "to ann", said: "yes" });
  expect(await replay(events, program)).toEqual({ state: "ended", value });
  expect(await replay(asFile(events), program)).toEqual({ state: "ended", value });
  expect(charged).toBe(before);
});

test("of a history without an end it says what is waited for; of one that failed, by what", async () => {
  expect(await replay(await history(), program)).toEqual({
    state: "open",
    awaits: ['next() of hook "said"', "sleep(1d)"],
  });
  expect(await replay(await history("no"), program)).toMatchObject({
    state: "failed",
    error: { code: "NOT_FOUND", message: "Nobody wants it." },
  });
});

test("a program that was changed is refused: what was expected, what came, in which line", async () => {
  const events = await history("yes");
  const other = async (to: string) => {
    await step("charge card", () => 1);
    return program(to);
  };
  await expect(replay(events, other)).rejects.toThrow(
    /^The program does not do what its log says\. Command 0: the log has step "charge", the program came to step "charge card" \(.*replay\.test\.ts:\d+:\d+\)/,
  );
  const longer = async (to: string) => {
    const done = await program(to);
    await sleep("1h");
    return done;
  };
  await expect(replay(events, longer)).rejects.toThrow(
    /the program came to sleep\(1d\), sleep\(1h\), for which it waits/,
  );
  const shorter = () => "done";
  await expect(replay(events, shorter)).rejects.toThrow(
    /Command 0: the log has step "charge", the program came to its end/,
  );
  const different = async (to: string) => ({ ...(await program(to)), more: 1 });
  await expect(replay(events, different)).rejects.toThrow(/does not come to what its history says/);
  await expect(replay(events.slice(1), program)).rejects.toMatchObject({ code: "INVALID_INPUT" });
});
