import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { topic } from "@hadron/resources";
import { expect, test } from "vitest";
import { broadcast } from "../../src/index.ts";

const said = topic<string>("said", { key: () => "all" });
const room = service("room", broadcast(said));
const speaker = service("speaker", (text: string) => said.send(text), { uses: [said] });

test("all who listen hear what a topic is sent, in its order, and who was away hears what was said meanwhile", async () => {
  await using app = await start(room, speaker);
  const listen = async (missedMs: number) => {
    const items = (await app.call("room", "listen", { missedMs })) as AsyncIterable<any>;
    const iterator = items[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toEqual({});
    const next = async (): Promise<string> => {
      const { value } = await iterator.next();
      return value.id === undefined ? next() : value.message;
    };
    return { next, leave: () => iterator.return?.() };
  };
  const one = await listen(0);
  const other = await listen(0);
  for (const text of ["a", "b", "c"]) await speaker(text);
  for (const who of [one, other])
    expect([await who.next(), await who.next(), await who.next()]).toEqual(["a", "b", "c"]);
  await one.leave();
  await speaker("d");
  expect(await other.next()).toBe("d");
  const again = await listen(20_000);
  expect([await again.next(), await again.next(), await again.next(), await again.next()]).toEqual([
    "a",
    "b",
    "c",
    "d",
  ]);
  const late = await listen(0);
  await speaker("e");
  expect(await late.next()).toBe("e");
});

test("it has one replica, and a topic", async () => {
  expect(() => broadcast({} as never)).toThrow("no topic");
  const two = service("two", broadcast(said), { replicas: 2 });
  await expect(start(two)).rejects.toThrow("one replica");
});
