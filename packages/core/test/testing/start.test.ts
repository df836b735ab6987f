import { type Context, procedure, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { shard } from "@hadron/patterns";
import { expect, test } from "vitest";
import { chooseShard } from "../../../patterns/src/rendezvous.ts";

const echo = service("echo", (input: unknown) => input);

test("values cross from replica to replica as they are", async () => {
  await using _app = await start(echo);
  const value = {
    bytes: new Uint8Array([1, 2]),
    date: new Date(5),
    map: new Map([[1, new Set([2n])]]),
    nan: Number.NaN,
    none: undefined,
  };
  expect(await echo(value)).toEqual(value);
});

test("an option that start does not know is refused", async () => {
  // @ts-expect-error: it is called time
  await expect(start(echo, { tmie: "virtual" })).rejects.toThrow(
    'start(…) knows no option "tmie". Did you mean "time"?',
  );
});

test("an input that cannot be sent is INVALID_INPUT, an output INVALID_OUTPUT, and the connection lives on", async () => {
  const bad = service("bad", () => () => 1);
  await using _app = await start(echo, bad);
  await expect(echo(() => 1)).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(bad()).rejects.toMatchObject({ code: "INVALID_OUTPUT" });
  expect(await echo(1)).toBe(1);
});

test("a killed replica's calls fail, and say that it died", async () => {
  const hang = service("hang", () => new Promise<never>(() => {}));
  await using app = await start(hang);
  const answer = hang();
  await expect.poll(() => app.replica(hang).calls).toBe(1);
  app.replica(hang).kill();
  await expect(answer).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringContaining("hang.0 died during the call: killed by the test"),
  });
});

test("a call in time fails in time: a replica that hangs does not hang its callers", async () => {
  await using app = await start(echo);
  expect(await echo(1)).toBe(1);
  app.replica(echo).hang();
  await expect(echo.with({ timeoutMs: 50 })(1)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  app.replica(echo).restore();
  expect(await echo(1)).toBe(1);
});

test("a slow replica is slow", async () => {
  await using app = await start(echo);
  app.replica(echo).slow(60);
  const before = performance.now();
  expect(await echo(1)).toBe(1);
  expect(performance.now() - before).toBeGreaterThan(55);
});

test("the time left travels down, and a caller that gives up stops the whole tree", async () => {
  const seen: string[] = [];
  const leaf = service("leaf", (_: unknown, { signal, deadline }: Context) => {
    seen.push(deadline.getTime() - Date.now() <= 5000 ? "shrunk" : "grown");
    return new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        seen.push(signal.reason.code);
        reject(signal.reason);
      });
    });
  });
  const middle = service("middle", (): Promise<never> => leaf(1));
  await using _app = await start(middle, leaf);
  const abort = new AbortController();
  const answer = middle.with({ timeoutMs: 5000, signal: abort.signal })();
  await expect.poll(() => seen).toEqual(["shrunk"]);
  abort.abort();
  await expect(answer).rejects.toMatchObject({ code: "CANCELLED" });
  await expect.poll(() => seen).toEqual(["shrunk", "CANCELLED"]);
});

test("two apps with a service of the same name do not meet", async () => {
  const [one, two] = [service("who", () => 1), service("who", () => 2)];
  await using first = await start(one);
  await using second = await start(two);
  expect([await first.client(one)(), await second.client(two)()]).toEqual([1, 2]);
  await expect(one()).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining("say which: app.client(service)"),
  });
});

test("a name that is not there suggests the nearest", async () => {
  await using app = await start(echo);
  expect(() => app.replica("ecko", 0)).toThrow('has no "ecko.0"; did you mean "echo.0"?');
  expect(app.replica("echo.0").name).toBe("echo.0");
});

test("after close nothing answers", async () => {
  const app = await start(echo);
  await app.close();
  await expect(app.call("echo", undefined, 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("what replicas log can be read", async () => {
  const lines: string[] = [];
  const talk = service("talk", (_: unknown, { log }: Context) => log.info("said", { n: 1 }));
  await using _app = await start(talk, { log: (line) => lines.push(line) });
  await talk();
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: "info", replica: "talk.0", message: "said", n: 1 });
});

test("circular services call each other with one return type written down", async () => {
  const even = service("even", async (n: number): Promise<boolean> => n === 0 || odd(n - 1));
  const odd = service("odd", async (n: number): Promise<boolean> => n !== 0 && even(n - 1));
  await using _app = await start(even, odd);
  expect(await even(20)).toBe(true);
  expect(await odd(20)).toBe(false);
});

test("a shard that stores has a folder of its own, which outlives it", async () => {
  const { appendFile, readFile } = await import("node:fs/promises");
  const notes = service(
    "notes",
    async (line: string, { replica }: Context) => {
      await appendFile(`${replica.storage}/notes`, `${line}\n`);
      return readFile(`${replica.storage}/notes`, "utf8");
    },
    { storage: { path: "/data" } },
  );
  const book = service("book", shard(2, notes, { by: (line) => line }));
  await using app = await start(book);
  expect(await book("a")).toBe("a\n");
  for (const replica of app.replicas(notes)) replica.restart();
  expect(await book("a")).toBe("a\na\n");
  const other = ["b", "c", "d", "e"].find((line) => chooseShard(line, 2) !== chooseShard("a", 2))!;
  expect(await book(other)).toBe(`${other}\n`);
});

test("an interceptor sees each call and each answer, says who called, and loses what it likes", async () => {
  const seen: string[] = [];
  const count = service(
    "count",
    procedure({ idempotent: true }, (n: number) => n + 1),
  );
  const relay = service("relay", (n: number) => count.with({ timeoutMs: 200 })(n));
  await using app = await start(count, relay, { time: "virtual" });
  app.replica(count).intercept({
    call: ({ procedure, input, caller }) => {
      seen.push(`${procedure} ${input} by ${caller}`);
      return input === 2 ? "lost" : undefined;
    },
    answer: (_call, output) => {
      seen.push(`gave ${output}`);
      return output === 4 ? "lost" : undefined;
    },
  });
  expect(await relay(1)).toBe(2);
  await expect(relay(2)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  await expect(count.with({ timeoutMs: 200 })(3)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  app.replica(count).restart();
  expect(await count(5)).toBe(6);
  app.replica(count).intercept(undefined);
  expect(await count(2)).toBe(3);
  expect(seen).toEqual([
    "count 1 by relay.0",
    "gave 2",
    "count 2 by relay.0",
    "count 3 by undefined",
    "gave 4",
    "count 5 by undefined",
    "gave 6",
  ]);
});
