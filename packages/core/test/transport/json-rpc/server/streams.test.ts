import { createServer, request } from "node:http";
import { type Context, HadronError, service } from "@hadron/core";
import { compose } from "@hadron/core/spi";
import { afterEach, expect, test, vi } from "vitest";
import { toClient } from "../../../../src/call/client/client.ts";
import { TableDirectory } from "../../../../src/call/directory/table-directory.ts";
import { createHost } from "../../../../src/call/host/host.ts";
import { createSystemClock } from "../../../../src/clock/system-clock.ts";
import { ReplicaServer } from "../../../../src/serve/replica-server.ts";
import type { HttpTimes } from "../../../../src/transport/http/server.ts";
import { createHttpTransport } from "../../../../src/transport/json-rpc/client/connection.ts";
import { KeepAlive } from "../../../../src/transport/json-rpc/server/keep-alive.ts";
import { until } from "../../../../src/transport/suite/index.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const seen = { made: 0, returned: 0, aborted: 0 };

const numbers = service(
  "numbers",
  {
    count: async function* (to: number, { signal }: Context) {
      signal.addEventListener("abort", () => seen.aborted++, { once: true });
      try {
        for (let n = 1; n <= to; n++) {
          seen.made = n;
          yield n;
        }
      } finally {
        seen.returned++;
      }
    },
    breaks: async function* () {
      yield "ä";
      throw new HadronError("NOT_FOUND", "There is no more.");
    },
    blocks: async function* () {
      for (let n = 0; ; n++) {
        seen.made = n;
        yield "x".repeat(10_000);
      }
    },
    waits: async function* (_: unknown, { signal }: Context) {
      try {
        yield 1;
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
      } finally {
        seen.returned++;
      }
    },
    /** Says nothing until its caller has gone. */
    silent: async function* (_: unknown, { signal }: Context) {
      try {
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
        yield 1;
      } finally {
        seen.returned++;
      }
    },
    bad: async function* () {
      yield () => 1;
    },
    plain: (n: number) => n + 1,
    sum: async (items: AsyncIterable<number>) => {
      let sum = 0;
      for await (const n of items) sum += n;
      return sum;
    },
  },
  { limits: { outputBytes: 1_000_000 } },
);

async function serve(times: HttpTimes = {}) {
  Object.assign(seen, { made: 0, returned: 0, aborted: 0 });
  const app = compose("test", [numbers]);
  const self = { app: "test", service: "numbers", replica: "numbers.0", topology: "hash" };
  const host = createHost({ self, directory: new TableDirectory(), transports: {}, app });
  const quiet = () => {};
  const server = new ReplicaServer({
    app,
    host,
    self,
    service: "numbers",
    ordinal: 0,
    revision: "r1",
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    count: () => 1,
    times,
  });
  const [address] = await server.listen(["tcp:127.0.0.1:0"], { exposed: true });
  server.ready();
  closing.push(() => server.drain(0));
  const url = address!.replace("tcp:", "http://");
  const post = async (accept: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(url, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", accept, ...headers },
    });
    return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
  };
  return { url, post, server };
}

const call = (method: string, input?: unknown, id: unknown = 1) => ({
  jsonrpc: "2.0",
  method,
  ...(input === undefined ? {} : { params: [input] }),
  id,
});
const item = (value: unknown, id: unknown = 1) => ({ jsonrpc: "2.0", method: "rpc.item", params: { id, item: value } });
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

test.each(["application/x-ndjson", "application/jsonl", "application/json, application/x-ndjson"])(
  "accept: %s gives an item a line, then the answer",
  async (accept) => {
    const { post } = await serve();
    const { status, type, text } = await post(accept, call("count", 3, "a"));
    expect(status).toBe(200);
    expect(type).toMatch(/^application\/x-ndjson/);
    expect(linesOf(text)).toEqual([
      item(1, "a"),
      item(2, "a"),
      item(3, "a"),
      { jsonrpc: "2.0", result: null, id: "a" },
    ]);
  },
);

test("accept: text/event-stream gives the same as server-sent events", async () => {
  const { post } = await serve();
  const { type, text } = await post("text/event-stream", call("count", 2));
  expect(type).toMatch(/^text\/event-stream/);
  const events = text.trimEnd().split("\n\n");
  expect(events.map((event) => JSON.parse(event.replace(/^data: /, "")))).toEqual([
    item(1),
    item(2),
    { jsonrpc: "2.0", result: null, id: 1 },
  ]);
});

test("an error in the middle comes after the items before it", async () => {
  const { post } = await serve();
  const [first, last, ...none] = linesOf((await post("application/x-ndjson", call("breaks"))).text);
  expect(first).toEqual(item("ä"));
  expect(last).toMatchObject({ id: 1, error: { data: { code: "NOT_FOUND", path: ["numbers"] } } });
  expect(none).toEqual([]);
  const [bad] = linesOf((await post("application/x-ndjson", call("bad"))).text);
  expect(bad).toMatchObject({ error: { data: { code: "INVALID_OUTPUT" } } });
});

test("a caller that takes no items gets all of them at once, within the limit of an output", async () => {
  const { post } = await serve();
  const { type, text } = await post("application/json", call("count", 5));
  expect(type).toBe("application/json");
  expect(JSON.parse(text)).toEqual({ jsonrpc: "2.0", result: [1, 2, 3, 4, 5], id: 1 });
  expect(JSON.parse((await post("*/*", call("count", 0))).text)).toMatchObject({ result: [] });
  const large = JSON.parse((await post("*/*", call("blocks"))).text);
  expect(large.error).toMatchObject({
    data: { code: "TOO_LARGE" },
    message: expect.stringContaining("application/x-ndjson"),
  });
  expect(JSON.parse((await post("*/*", call("breaks"))).text)).toMatchObject({
    error: { data: { code: "NOT_FOUND" } },
  });
});

test("what is no stream comes as ever, or as the one line where the caller takes nothing else", async () => {
  const { post } = await serve();
  const both = await post("application/json, text/event-stream", call("plain", 1));
  expect(both.type).toBe("application/json");
  expect(JSON.parse(both.text)).toMatchObject({ result: 2 });
  const only = await post("application/x-ndjson", call("plain", 1));
  expect(only.type).toMatch(/^application\/x-ndjson/);
  expect(linesOf(only.text)).toEqual([{ jsonrpc: "2.0", result: 2, id: 1 }]);
});

test("a batch mixes its items, each with the id of its call; a notification has none", async () => {
  const { post } = await serve();
  const body = [
    call("count", 2, "a"),
    call("plain", 1, "b"),
    call("count", 1, "c"),
    { jsonrpc: "2.0", method: "count", params: [9] },
  ];
  for (const accept of ["application/x-ndjson", "application/json, application/x-ndjson"]) {
    const lines = linesOf((await post(accept, body)).text);
    expect(lines).toHaveLength(6);
    expect(lines).toEqual(
      expect.arrayContaining([
        item(1, "a"),
        item(2, "a"),
        item(1, "c"),
        { jsonrpc: "2.0", result: null, id: "a" },
        { jsonrpc: "2.0", result: 2, id: "b" },
        { jsonrpc: "2.0", result: null, id: "c" },
      ]),
    );
  }
  expect((await post("application/x-ndjson", { jsonrpc: "2.0", method: "count", params: [3] })).status).toBe(204);
});

test("a caller that does not read slows the handler down, and one that goes away ends it", async () => {
  const { url, server } = await serve();
  const posted = request(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/x-ndjson" },
  });
  posted.on("error", () => {});
  const answered = new Promise<import("node:http").IncomingMessage>((resolve) => posted.once("response", resolve));
  posted.end(JSON.stringify(call("blocks")));
  const response = await answered;
  response.on("error", () => {});
  response.pause();
  let before = -1;
  // What the system's buffers take is not known; that it ends is.
  while (seen.made !== before) {
    before = seen.made;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(before).toBeLessThan(5_000);
  response.resume();
  await until(() => seen.made > before + 100, "it goes on");
  posted.destroy();
  await until(() => server.dispatcher.inFlight === 0, "the call has ended");
});

test("the time of the call ends the stream, with an error", async () => {
  const { post } = await serve();
  const lines = linesOf((await post("application/x-ndjson", call("waits"), { "hadron-timeout-ms": "150" })).text);
  expect(lines).toMatchObject([{ params: { item: 1 } }, { error: { data: { code: "DEADLINE_EXCEEDED" } } }]);
  await until(() => seen.returned === 1, "the generator is ended");
});

test("an array from outside does for a handler that iterates a stream", async () => {
  const { post } = await serve();
  expect(JSON.parse((await post("*/*", call("sum", [1, 2, 3]))).text)).toMatchObject({ result: 6 });
});

/** The typed client over HTTP. */
function clientOf(url: string): typeof numbers {
  const nobody = { app: "", service: "numbers", replica: undefined, topology: "" };
  const directory = new TableDirectory();
  directory.set("numbers", [{ name: "numbers", ordinal: -1, address: url, state: "ready", reason: undefined }]);
  const host = createHost({ self: nobody, directory, transports: { http: createHttpTransport() } });
  closing.push(() => host.close());
  const names = ["count", "breaks", "blocks", "waits", "plain", "sum"];
  return toClient(
    "numbers",
    () => names.map((name) => ({ name })),
    (name, input, options) => host.call("numbers", name, input, options),
  ) as never;
}

test("our own client over HTTP takes items as they come, and ends the call when it has enough", async () => {
  const { url, server } = await serve();
  const client = clientOf(url);
  const got: number[] = [];
  for await (const n of client.count(1000)) got.push(n);
  expect(got).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
  for await (const n of client.waits(1)) {
    expect(n).toBe(1);
    break;
  }
  await until(() => server.dispatcher.inFlight === 0, "the call has ended");
  expect(await client.plain(1)).toBe(2);
  const blocks = client.blocks()[Symbol.asyncIterator]();
  await blocks.next();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const made = seen.made;
  expect(made).toBeLessThan(5_000);
  await blocks.return!();
  await expect(
    (async () => {
      for await (const one of client.breaks()) expect(one).toBe("ä");
    })(),
  ).rejects.toMatchObject({ code: "NOT_FOUND", path: ["numbers"] });
  await expect(client.sum((async function* () {})())).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining("Send an array"),
  });
});

test("a stream over HTTP that breaks off is UNAVAILABLE after the items that came", async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    response.write(`${JSON.stringify(item(1))}\n${JSON.stringify(item(2)).slice(0, 20)}`);
    setTimeout(() => response.destroy(), 20);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const client = clientOf(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
  const got: unknown[] = [];
  await expect(
    (async () => {
      for await (const n of client.count(5)) got.push(n);
    })(),
  ).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(got).toEqual([1]);
});

/** Reads an answer until what came satisfies, and hangs up. */
async function readUntil(url: string, accept: string, body: unknown, enough: (text: string) => boolean) {
  const controller = new AbortController();
  const response = await fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", accept },
    signal: controller.signal,
  });
  let text = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (enough(text)) break;
  }
  controller.abort();
  return text;
}

const commentsIn = (text: string) => text.split("\n\n").filter((event) => event === ":").length;

test("server-sent events that have nothing to say send a comment now and then, before the first and after", async () => {
  const { url } = await serve({ silenceMs: 40 });
  const before = await readUntil(url, "text/event-stream", call("silent"), (text) => commentsIn(text) >= 3);
  expect(before).toMatch(/^(?::\n\n){3,}$/);
  const after = await readUntil(url, "text/event-stream, */*", call("waits"), (text) => commentsIn(text) >= 3);
  expect(after.replaceAll(":\n\n", "")).toBe(`data: ${JSON.stringify(item(1))}\n\n`);
  await until(() => seen.returned === 2, "the handlers are told that their callers have gone");
});

test("lines of JSON have no comments, however long they are silent", async () => {
  const { post } = await serve({ silenceMs: 20 });
  const { text } = await post("application/x-ndjson", call("waits"), { "hadron-timeout-ms": "300" });
  expect(linesOf(text)).toEqual([item(1), expect.objectContaining({ error: expect.anything() })]);
});

test("comments cost one timer, and none while nothing streams", () => {
  vi.useFakeTimers();
  try {
    const keepAlive = new KeepAlive(15_000, createSystemClock());
    expect(vi.getTimerCount()).toBe(0);
    const streams = [1, 2, 3].map(() => ({ said: true, comments: 0 }));
    const quiets = streams.map((stream) => ({
      spoke: () => {
        const { said } = stream;
        stream.said = false;
        return said;
      },
      comment: () => stream.comments++,
    }));
    for (const one of quiets) keepAlive.add(one);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(15_000);
    expect(streams.map((one) => one.comments)).toEqual([1, 1, 1]);
    streams[0]!.said = true;
    vi.advanceTimersByTime(7500);
    expect(streams.map((one) => one.comments)).toEqual([1, 2, 2]);
    for (const one of quiets) keepAlive.delete(one);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
