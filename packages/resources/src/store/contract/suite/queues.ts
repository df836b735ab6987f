import { expect, test } from "vitest";
import type { Send } from "../operations.ts";
import type { Start } from "./start.ts";
import { claim, only, send, text } from "./test-client.ts";

/** Messages: claimed, finished, failed, in order, once. */
export function describeQueues(name: string, start: Start): void {
  test(`${name}: a message is claimed by one, worked on, and gone when it is finished`, async () => {
    const { store, driver, client } = await start();
    await using _ = store;
    await client.do(send("q", "hello"));
    const { messages } = await client.do(claim("q"));
    expect(messages.map(({ body, attempt }) => [text(body), attempt])).toEqual([["hello", 1]]);
    expect(await client.do(claim("q", { holder: "other" }))).toEqual({ messages: [] });
    const [message, attempt] = [only(messages), 1];
    await client.do({ kind: "finish", queue: "q", message, attempt });
    expect(await driver.read({ kind: "queue", queue: "q" })).toEqual({ waiting: 0, working: 0, dead: 0 });
    expect(await client.refusal({ kind: "finish", queue: "q", message, attempt })).toBe("ABORTED");
  });

  test(`${name}: a message whose lease ended goes to another, and the late one is refused`, async () => {
    const { store, client, time } = await start();
    await using _ = store;
    await client.do(send("q", "m"));
    const message = only((await client.do(claim("q", { leaseMs: 1000 }))).messages);
    time.advance(500);
    await client.do({ kind: "extend", queue: "q", message, attempt: 1, leaseMs: 1000 });
    time.advance(999);
    expect((await client.do(claim("q"))).messages).toEqual([]);
    time.advance(1);
    const late = { queue: "q", message, attempt: 1 };
    expect(await client.refusal({ kind: "extend", ...late, leaseMs: 1000 })).toBe("ABORTED");
    const [second] = (await client.do(claim("q"))).messages;
    expect(second).toMatchObject({ message, attempt: 2 });
    expect(await client.refusal({ kind: "finish", ...late })).toBe("ABORTED");
    expect(await client.refusal({ kind: "fail", ...late, retryInMs: 0, reason: "late" })).toBe("ABORTED");
    expect(await client.refusal({ kind: "give-back", ...late })).toBe("ABORTED");
  });

  test(`${name}: a message that is never finished ends as a dead letter, and is told why`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    await client.do(send("q", "poison"));
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect((await client.do(claim("q", { leaseMs: 1000, mostAttempts: 3 }))).messages).toHaveLength(1);
      time.advance(1000);
    }
    expect((await client.do(claim("q", { mostAttempts: 3 }))).messages).toEqual([]);
    const [letter] = await driver.read({ kind: "dead", queue: "q", after: 0, most: 10 });
    expect(letter?.reason).toMatch(/claimed 3 times/);
    expect(text(letter?.body)).toBe("poison");
    expect(await client.do({ kind: "dead-letters", queue: "q", action: "retry", message: letter?.message })).toEqual({
      count: 1,
    });
    expect((await client.do(claim("q"))).messages).toMatchObject([{ attempt: 1 }]);
  });

  test(`${name}: a failed message waits its time; one that is not to be retried is dead; one given back was not tried`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    await client.do(send("q", "m"));
    const message = only((await client.do(claim("q"))).messages);
    await client.do({ kind: "give-back", queue: "q", message, attempt: 1 });
    expect((await client.do(claim("q"))).messages).toMatchObject([{ attempt: 1 }]);
    await client.do({ kind: "fail", queue: "q", message, attempt: 1, retryInMs: 5000, reason: "boom" });
    expect(await driver.read({ kind: "queue", queue: "q" })).toMatchObject({ waiting: 1, nextInMs: 5000 });
    time.advance(4999);
    expect((await client.do(claim("q"))).messages).toEqual([]);
    time.advance(1);
    expect((await client.do(claim("q"))).messages).toMatchObject([{ attempt: 2 }]);
    await client.do({ kind: "fail", queue: "q", message, attempt: 2, retryInMs: undefined, reason: "bad input" });
    expect(await driver.read({ kind: "dead", queue: "q", after: 0, most: 10 })).toMatchObject([
      { reason: "bad input" },
    ]);
    expect(await client.do({ kind: "dead-letters", queue: "q", action: "drop", message: undefined })).toEqual({
      count: 1,
    });
    expect(await client.refusal({ kind: "dead-letters", queue: "q", action: "drop", message })).toBe("NOT_FOUND");
  });

  test(`${name}: messages of one key are worked on in order, one at a time; other keys go on`, async () => {
    const { store, client, time } = await start();
    await using _ = store;
    for (const [key, body] of [
      ["a", "a1"],
      ["b", "b1"],
      ["a", "a2"],
      ["a", "a3"],
    ] as const)
      await client.do(send("q", body, { key }));
    const take = async () => (await client.do(claim("q"))).messages;
    const first = await take();
    expect(first.map(({ body }) => text(body))).toEqual(["a1", "b1"]);
    expect(await take()).toEqual([]);
    // A retry keeps its place before those behind it.
    const a1 = first[0]?.message ?? 0;
    await client.do({ kind: "fail", queue: "q", message: a1, attempt: 1, retryInMs: 1000, reason: "again" });
    expect(await take()).toEqual([]);
    time.advance(1000);
    expect((await take()).map(({ body }) => text(body))).toEqual(["a1"]);
    await client.do({ kind: "finish", queue: "q", message: a1, attempt: 2 });
    const next = await take();
    expect(next.map(({ body }) => text(body))).toEqual(["a2"]);
    const a2 = only(next);
    await client.do({ kind: "fail", queue: "q", message: a2, attempt: 1, retryInMs: undefined, reason: "bad" });
    expect((await take()).map(({ body }) => text(body))).toEqual(["a3"]);
  });

  test(`${name}: an id is taken once a day`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    expect(await client.do(send("q", "m", { id: "7" }))).toEqual({ duplicate: false });
    expect(await client.do(send("q", "m", { id: "7" }))).toEqual({ duplicate: true });
    expect(await client.do(send("other", "m", { id: "7" }))).toEqual({ duplicate: false });
    const message = only((await client.do(claim("q"))).messages);
    await client.do({ kind: "finish", queue: "q", message, attempt: 1 });
    expect(await client.do(send("q", "m", { id: "7" }))).toEqual({ duplicate: true });
    time.advance(24 * 3_600_000);
    expect(await client.do(send("q", "m", { id: "7" }))).toEqual({ duplicate: false });
    expect(await driver.read({ kind: "queue", queue: "q" })).toMatchObject({ waiting: 1 });
  });

  test(`${name}: a full queue refuses; a delayed message waits; a topic's message goes to all of its queues or none`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    await client.do(send("q", "1", { maxLength: 2 }));
    await client.do(send("q", "2", { maxLength: 2, delayMs: 1000 }));
    expect(await client.refusal(send("q", "3", { maxLength: 2 }))).toBe("OVERLOADED");
    const toBoth: Send = { ...send("", "t", { maxLength: 2 }), queues: ["audit", "q"] };
    expect(await client.refusal(toBoth)).toBe("OVERLOADED");
    expect(await driver.read({ kind: "queue", queue: "audit" })).toMatchObject({ waiting: 0 });
    expect((await client.do(claim("q"))).messages.map(({ body }) => text(body))).toEqual(["1"]);
    time.advance(1000);
    expect((await client.do(claim("q"))).messages.map(({ body }) => text(body))).toEqual(["2"]);
    await client.do({ ...toBoth, maxLength: undefined });
    expect(await driver.read({ kind: "queue", queue: "audit" })).toMatchObject({ waiting: 1 });
  });
}
