import { createServer } from "node:http";
import { connect } from "node:net";
import { type Context, HadronError, isHadronError, procedure, service } from "@hadron/core";
import { compose, type Topology } from "@hadron/core/spi";
import jayson from "jayson/promise/index.js";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { TableDirectory } from "../../../../src/call/directory/table-directory.ts";
import { createHost } from "../../../../src/call/host/host.ts";
import { ReplicaServer } from "../../../../src/serve/replica-server.ts";
import { callUrl } from "../../../call-url.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A real replica on a real port, exposed and not. */
async function serve(one: unknown) {
  const app = compose("test", [one]);
  const [first] = (app.topology as Topology).services;
  const self = { app: "test", service: first!.name, replica: `${first!.name}.0`, topology: "hash" };
  const host = createHost({ self, directory: new TableDirectory(), transports: {}, app });
  const lines: string[] = [];
  const log = (message: string) => void lines.push(message);
  const server = new ReplicaServer({
    app,
    host,
    self,
    service: first!.name,
    ordinal: 0,
    revision: "r1",
    log: { debug: log, info: log, warn: log, error: log },
    count: () => 1,
  });
  const [inside] = await server.listen(["tcp:127.0.0.1:0"], { exposed: false });
  const [outside] = await server.listen(["tcp:127.0.0.1:0"], { exposed: true });
  server.ready();
  closing.push(() => server.drain(0));
  const url = outside!.replace("tcp:", "http://");
  const post = async (body: string, headers: Record<string, string> = {}) => {
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  };
  return {
    url,
    port: Number(url.split(":").at(-1)),
    insideUrl: inside!.replace("tcp:", "http://"),
    post,
    server,
    lines,
  };
}

const api = {
  echo: (input: unknown) => input,
  subtract: ({ minuend, subtrahend }: { minuend: number; subtrahend: number }) => minuend - subtrahend,
  nothing: () => {},
  fail: () => {
    throw new Error("no luck");
  },
  refuse: () => {
    throw new HadronError("NOT_FOUND", "No such user.");
  },
  function: () => ({ a: () => 1 }),
  about: (_: unknown, { meta, id, caller }: Context) => ({ meta, id, caller: caller ?? null }),
  circular: () => {
    const one: { one?: unknown } = {};
    one.one = one;
    return one;
  },
  nan: () => Number.NaN,
  hang: (_: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        aborted = signal.reason.code;
        reject(signal.reason);
      });
    }),
};
let aborted: string | undefined;
const call = (method: unknown, params?: unknown, id: unknown = 1) =>
  JSON.stringify({ jsonrpc: "2.0", method, params, id });

test("params: one element is the input, an object is itself the input, none is undefined, more are refused", async () => {
  const { post } = await serve(service("api", api));
  expect((await post(call("echo", [7]))).body).toEqual({ jsonrpc: "2.0", result: 7, id: 1 });
  expect((await post(call("echo", [[1, 2]]))).body.result).toEqual([1, 2]);
  expect((await post(call("subtract", { minuend: 5, subtrahend: 3 }))).body.result).toBe(2);
  expect((await post(call("echo"))).body.result).toBeNull();
  expect((await post(call("echo", []))).body.result).toBeNull();
  expect((await post(call("nothing"))).body).toEqual({ jsonrpc: "2.0", result: null, id: 1 });
  expect((await post(call("echo", [1, 2]))).body.error).toMatchObject({
    code: -32602,
    data: { code: "INVALID_INPUT" },
  });
});

test("the headers baggage and idempotency-key say more of a call; who calls is believed inside alone", async () => {
  const { post, insideUrl } = await serve(service("api", api));
  const headers = {
    baggage: " tenant = a%20b ;ttl=3, =x, nonsense,locale=de, bad key=1,wrong=%ff",
    "idempotency-key": '"order-17"',
    "hadron-service": "shop",
    "hadron-replica": "shop.0",
  };
  const meta = { tenant: "a b", locale: "de", wrong: "%ff" };
  expect((await post(call("about"), headers)).body.result).toEqual({ meta, id: "order-17", caller: null });
  const batch = await post(`[${call("about", [], 1)},${call("about", [], 2)}]`, headers);
  expect(batch.body.map(({ result }: { result: { id: string } }) => result.id)).toEqual(["order-17.0", "order-17.1"]);
  const { result } = (await post(call("about"))).body;
  expect(result).toEqual({ meta: {}, id: expect.stringMatching(/^[0-9a-f]{16}-\w+$/), caller: null });
  const inside = await fetch(insideUrl, {
    method: "POST",
    body: call("about"),
    headers: { "content-type": "application/json", ...headers },
  });
  expect(await inside.json()).toMatchObject({ result: { caller: { service: "shop", replica: "shop.0" } } });
  const large = await post(call("about"), { baggage: `a=${"x".repeat(8191)}` });
  expect(large.body.error).toMatchObject({ data: { code: "TOO_LARGE", path: ["api"] } });
});

test("our client over HTTP sends metadata and the id of a call", async () => {
  const { url } = await serve(service("api", api));
  expect(await callUrl(url, "about", undefined, { meta: { tenant: "ü" }, id: "order-18" })).toEqual({
    meta: { tenant: "ü" },
    id: "order-18",
    caller: null,
  });
});

test.each([["a"], [0], [-1], [1.5], [null], [""]])("an id of %j comes back as it is", async (id) => {
  const { post } = await serve(service("api", api));
  expect((await post(call("echo", [1], id))).body).toEqual({ jsonrpc: "2.0", result: 1, id });
});

test("the specification's examples of bad requests", async () => {
  const { post } = await serve(service("api", api));
  const code = async (body: string) => {
    const { status, body: answer } = await post(body);
    expect(status).toBe(200);
    return [answer.error.code, answer.id];
  };
  expect(await code('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]')).toEqual([-32700, null]);
  expect(await code('{"jsonrpc": "2.0", "method": 1, "params": "bar"}')).toEqual([-32600, null]);
  expect(await code("[]")).toEqual([-32600, null]);
  expect(await code('"a"')).toEqual([-32600, null]);
  expect(await code("")).toEqual([-32700, null]);
  expect(await code('{"method":"echo","id":4}')).toEqual([-32600, 4]);
  expect(await code('{"jsonrpc":"2.0","method":"echo","params":5,"id":4}')).toEqual([-32600, 4]);
  expect(await code('{"jsonrpc":"2.0","method":"echo","id":{}}')).toEqual([-32600, null]);
  expect(await code(call("rpc.nothing"))).toEqual([-32601, 1]);
  const batch = await post("[1,2,3]");
  expect(batch.body.map((one: { error: { code: number } }) => one.error.code)).toEqual([-32600, -32600, -32600]);
});

test("a batch is answered call by call, notifications left out; notifications alone get 204", async () => {
  const { post } = await serve(service("api", api));
  const notification = '{"jsonrpc":"2.0","method":"echo","params":[1]}';
  const { body } = await post(`[${call("echo", [1], "a")},${notification},${call("nope", [1], "b")},{"foo":"boo"}]`);
  expect(body).toHaveLength(3);
  expect(body).toContainEqual({ jsonrpc: "2.0", result: 1, id: "a" });
  expect(
    body
      .map((one: { error?: { code: number } }) => one.error?.code)
      .filter(Boolean)
      .sort(),
  ).toEqual([-32600, -32601]);
  expect((await post(notification)).status).toBe(204);
  expect((await post(`[${notification},${notification}]`)).status).toBe(204);
  expect((await post('{"jsonrpc":"2.0","method":"fail"}')).status).toBe(204);
});

test("errors carry a code, whether to retry, and the path; no stack", async () => {
  const { post, lines } = await serve(service("api", api));
  expect((await post(call("fail"))).body.error).toEqual({
    code: -32000,
    message: "no luck (api)",
    data: { code: "HANDLER_FAILED", retryable: false, path: ["api"] },
  });
  expect(lines.some((line) => line.includes("fail failed: no luck"))).toBe(true);
  expect((await post(call("refuse"))).body.error).toMatchObject({ code: -32010, data: { code: "NOT_FOUND" } });
  const unknown = (await post(call("ekho"))).body.error;
  expect(unknown.message).toContain('"api" has no procedure "ekho"; did you mean "echo"?');
});

test("an output that is not JSON is INVALID_OUTPUT", async () => {
  const { post } = await serve(service("api", api));
  for (const name of ["function", "circular"]) {
    expect((await post(call(name))).body.error).toMatchObject({ code: -32006, data: { code: "INVALID_OUTPUT" } });
  }
  expect((await post(call("nan"))).body.result).toBeNull();
});

test("a schema's refusal names the field", async () => {
  const user = procedure({ input: z.object({ age: z.number() }), output: z.string() }, ({ age }) =>
    age > 5 ? "old" : (5 as never),
  );
  const { post } = await serve(service("user", user));
  const { error } = (await post(call("user", { age: "x" }))).body;
  expect(error.code).toBe(-32602);
  expect(error.message).toMatch(/The input of "user" does not fit: age: /);
  expect((await post(call("user", { age: 6 }))).body.result).toBe("old");
  expect((await post(call("user", { age: 1 }))).body.error.data.code).toBe("INVALID_OUTPUT");
});

test("405 and 415 say what to send instead", async () => {
  const { url, post } = await serve(service("api", api));
  const get = await fetch(url);
  expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
  expect(await get.text()).toContain("Send POST with a JSON-RPC 2.0 body");
  const wrong = await post("{}", { "content-type": "text/plain" });
  expect(wrong).toMatchObject({
    status: 415,
    body: { error: "The body is text/plain; send content-type: application/json." },
  });
  expect((await fetch(`${url}/nothing`, { method: "POST" })).status).toBe(404);
});

test("rpc.discover answers with an OpenRPC document", async () => {
  const { post } = await serve(
    service(
      "user",
      procedure({ input: z.object({ age: z.number() }), description: "Says it." }, () => 1),
    ),
  );
  const { result } = (await post(call("rpc.discover"))).body;
  expect(result).toMatchObject({ openrpc: "1.3.2", info: { title: "user", version: "r1" } });
  expect(result.methods[0]).toMatchObject({ name: "user", summary: "Says it." });
  expect(result.methods[0].params[0].schema.properties.age).toEqual({ type: "number" });
});

test("metrics are in the Prometheus format, and not on the exposed port", async () => {
  const { url, insideUrl, post } = await serve(service("api", api));
  await post(call("echo", [1]));
  await post(call("fail"));
  expect((await fetch(`${url}/metrics`)).status).toBe(404);
  const text = await (await fetch(`${insideUrl}/metrics`)).text();
  expect(text).toContain('hadron_calls_total{procedure="echo"} 1');
  expect(text).toContain('hadron_call_errors_total{procedure="fail",code="HANDLER_FAILED"} 1');
  expect(text).toContain('hadron_call_seconds_bucket{procedure="echo",le="+Inf"} 1');
  expect(text).toContain("# TYPE hadron_call_seconds histogram");
  expect(text).toContain('hadron_calls_in_flight{procedure="echo"} 0');
});

test("liveness and readiness", async () => {
  const { url, server } = await serve(service("api", api));
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(server.draining).toBe(false);
});

test("a body over the limit is refused before it is read, whether its length is said or not", async () => {
  const { port, post, url } = await serve(service("api", api, { limits: { inputBytes: 1000 } }));
  expect((await post(call("echo", ["x".repeat(2000)]))).body.error).toMatchObject({
    code: -32005,
    data: { code: "TOO_LARGE" },
  });
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("end", () => resolve(text));
    socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
    socket.write(`7d0\r\n${"x".repeat(2000)}\r\n0\r\n\r\n`);
  });
  expect(answer).toContain("TOO_LARGE");
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test("an output over the limit is TOO_LARGE", async () => {
  const { post } = await serve(service("big", () => "x".repeat(5000), { limits: { outputBytes: 1000 } }));
  expect((await post(call("big"))).body.error).toMatchObject({ code: -32005, data: { code: "TOO_LARGE" } });
});

test("an input nested a hundred thousand deep is answered, and harms nobody", async () => {
  const { post } = await serve(service("api", api));
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const { body } = await post(`{"jsonrpc":"2.0","method":"echo","params":[${deep}],"id":1}`);
  expect(body.error?.data.code ?? "answered").toMatch(/INVALID_OUTPUT|answered/);
  expect((await post(call("echo", [1]))).body.result).toBe(1);
});

test("past its deadline a call is answered, and its handler's signal has aborted", async () => {
  const { post } = await serve(service("api", api));
  aborted = undefined;
  const { body } = await post(call("hang", [1]), { "hadron-timeout-ms": "50" });
  expect(body.error).toMatchObject({ code: -32002, data: { code: "DEADLINE_EXCEEDED" } });
  expect(body.error.message).toMatch(/"hang" gave no answer in \d+ ms/);
  expect(aborted).toBe("DEADLINE_EXCEEDED");
});

test("a caller that goes away aborts its handler", async () => {
  const { url } = await serve(service("api", api));
  aborted = undefined;
  const abort = new AbortController();
  const gone = fetch(url, {
    method: "POST",
    body: call("hang", [1]),
    headers: { "content-type": "application/json" },
    signal: abort.signal,
  });
  setTimeout(() => abort.abort(), 50);
  await expect(gone).rejects.toThrow();
  await expect.poll(() => aborted).toBe("CANCELLED");
});

test("over the concurrency limit a call is OVERLOADED at once", async () => {
  const { post } = await serve(service("api", api, { limits: { concurrency: 1 } }));
  const first = post(call("hang", [1]), { "hadron-timeout-ms": "300" });
  await expect
    .poll(async () => (await post(call("echo", [1]))).body.error?.data)
    .toMatchObject({ code: "OVERLOADED", retryable: true });
  await first;
  expect((await post(call("echo", [1]))).body.result).toBe(1);
});

test("drain finishes what was accepted", async () => {
  const slow = service("slow", async () => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    return "done";
  });
  const { post, server } = await serve(slow);
  const answer = post(call("slow"));
  await expect.poll(() => server.dispatcher.inFlight).toBe(1);
  expect(await server.drain(5000)).toBe(true);
  expect((await answer).body.result).toBe("done");
  await expect(post(call("slow"))).rejects.toThrow();
});

test("jayson's client, unchanged, is served", async () => {
  const { port } = await serve(service("api", api));
  const client = jayson.Client.http({ host: "127.0.0.1", port });
  expect((await client.request("subtract", { minuend: 42, subtrahend: 23 })).result).toBe(19);
  expect((await client.request("echo", ["x"])).result).toBe("x");
  expect((await client.request("nope", [])).error.code).toBe(-32601);
  const batch = await client.request([
    client.request("echo", [1], undefined, false),
    client.request("echo", [2], undefined, false),
  ]);
  expect(batch.map((one: { result: number }) => one.result).sort()).toEqual([1, 2]);
});

test("our own client over HTTP", async () => {
  const { url } = await serve(service("api", api));
  expect(await callUrl(url, "echo", { a: [1] })).toEqual({ a: [1] });
  expect(await callUrl(url, "echo", [1, 2])).toEqual([1, 2]);
  expect(await callUrl(url, "echo", undefined)).toBeNull();
  await expect(callUrl(url, "fail", 1)).rejects.toMatchObject({
    code: "HANDLER_FAILED",
    detail: "no luck",
    path: ["api"],
  });
  await expect(callUrl(url, "hang", 1, { timeoutMs: 50 })).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  await expect(callUrl("http://127.0.0.1:1", "echo", 1)).rejects.toThrow("nothing listens there");
  await expect(callUrl("ftp://x", "echo", 1)).rejects.toMatchObject({ code: "WRONG_USE" });
});

test("our client reads chunked answers, and says what is no JSON-RPC", async () => {
  let body = '{"jsonrpc":"2.0","result":[1,2,3],"id":1}';
  const peer = createServer((request, response) => {
    request.resume();
    for (const character of body) response.write(character);
    response.end();
  });
  await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => peer.close(resolve)));
  const { port } = peer.address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  expect(await callUrl(url, "x", 1)).toEqual([1, 2, 3]);
  body = "<html>";
  const error = await callUrl(url, "x", 1).catch((thrown: unknown) => thrown);
  expect(isHadronError(error) && error.message).toContain("is it a Hadron service?");
});

test("a body that is encoded is refused by the name of its encoding", async () => {
  const { post } = await serve(service("api", api));
  const answer = await post(call("echo", 1), { "content-encoding": "gzip" });
  expect(answer).toMatchObject({
    status: 415,
    body: { error: expect.stringContaining("encoded as gzip; send it as") },
  });
  expect((await post(call("echo", 1), { "content-encoding": "identity" })).status).toBe(200);
});
