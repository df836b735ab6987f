import { expect, test } from "vitest";
import { LogBuffer } from "../../src/local/deployment/log-buffer.ts";

const line = (replica: string, text: string) => ({
  time: "2026-01-01T00:00:00.000Z",
  service: replica.split(".")[0]!,
  replica,
  line: text,
});
const never = new AbortController().signal;

async function collect(lines: AsyncIterable<{ readonly line: string }>): Promise<string[]> {
  const texts = [];
  for await (const one of lines) texts.push(one.line);
  return texts;
}

test("lines of all replicas come in the order in which they were written", async () => {
  const logs = new LogBuffer();
  logs.add(line("a.0", "1"));
  logs.add(line("b.0", "2"));
  logs.add(line("a.1", "3"));
  expect(await collect(logs.read({ service: undefined, follow: false }, never))).toEqual(["1", "2", "3"]);
  expect(await collect(logs.read({ service: "a", follow: false }, never))).toEqual(["1", "3"]);
});

test("only the last lines of a replica are kept, and others keep theirs", async () => {
  const logs = new LogBuffer();
  logs.add(line("quiet.0", "here"));
  for (let i = 0; i < 10_000; i++) logs.add(line("loud.0", String(i)));
  const kept = await collect(logs.read({ service: undefined, follow: false }, never));
  expect(kept[0]).toBe("here");
  expect(kept.at(-1)).toBe("9999");
  expect(kept.length).toBeLessThan(2100);
  for (let i = 0; i < 100; i++) logs.add(line("big.0", "x".repeat(100_000)));
  const big = await collect(logs.read({ service: "big", follow: false }, never));
  expect(big.length).toBeLessThan(12);
  expect(big.length).toBeGreaterThan(2);
});

test("whoever follows gets what comes, until the signal aborts", async () => {
  const logs = new LogBuffer();
  logs.add(line("a.0", "before"));
  const stop = new AbortController();
  const following = collect(logs.read({ service: undefined, follow: true }, stop.signal));
  await Promise.resolve();
  logs.add(line("a.0", "after"));
  await new Promise((resolve) => setImmediate(resolve));
  logs.add(line("b.0", "later"));
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  expect(await following).toEqual(["before", "after", "later"]);
});

test("a follower that does not keep up is told how much it missed", async () => {
  const logs = new LogBuffer();
  const stop = new AbortController();
  const reader = logs.read({ service: undefined, follow: true }, stop.signal);
  const first = reader.next();
  for (let i = 0; i < 30_000; i++) logs.add(line("a.0", String(i)));
  expect((await first).value?.line).toMatch(/^… \d+ lines were left out/);
  expect(Number((await reader.next()).value?.line)).toBeGreaterThan(10_000);
  stop.abort();
  await reader.return(undefined);
});
