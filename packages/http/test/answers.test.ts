import { HadronError, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { event, http, problem, redirect, route } from "../src/index.ts";
import { serve } from "./serve.ts";

test("a value is JSON, undefined 204, null null, a text a JSON text", async () => {
  await using web = await serve({
    "GET /object": () => ({ a: 1 }),
    "GET /nothing": () => undefined,
    "GET /null": async () => null,
    "GET /text": () => "hello",
  });
  const object = await web.fetch("/object");
  expect([object.status, object.headers.get("content-type"), await object.json()]).toEqual([
    200,
    "application/json",
    { a: 1 },
  ]);
  const nothing = await web.fetch("/nothing");
  expect([nothing.status, await nothing.text()]).toEqual([204, ""]);
  expect(await (await web.fetch("/null")).json()).toBe(null);
  expect(await (await web.fetch("/text")).json()).toBe("hello");
});

test("parameters, query, headers and cookies are given decoded", async () => {
  await using web = await serve({
    "GET /a/:one/b/:two": ({ params, query, headers, cookies }) => ({
      params,
      page: query.page,
      x: headers["x-a"],
      cookies,
    }),
  });
  const answer = await web.fetch("/a/%C3%A4%2Fb/b/2?page=1&page=2", {
    headers: { "X-A": "yes", cookie: 'a=1; b="x%20y"; a=2; __proto__=evil; bad' },
  });
  expect(await answer.json()).toEqual({
    params: { one: "ä/b", two: "2" },
    page: "1",
    x: "yes",
    cookies: { a: "1", b: "x y", ["__proto__"]: "evil" },
  });
});

test("a body is parsed by its content type, and the request has it as well", async () => {
  await using web = await serve({
    "POST /echo": async ({ body, request }) => ({ body, text: await request.text() }),
    "POST /left": async ({ body, request }) => ({
      body: body ?? null,
      bytes: (await request.arrayBuffer()).byteLength,
    }),
  });
  const post = async (path: string, type: string, body: string) =>
    (await web.fetch(path, { method: "POST", headers: { "content-type": type }, body })).json();
  expect(await post("/echo", "application/json", '{"a":1}')).toEqual({ body: { a: 1 }, text: '{"a":1}' });
  expect(await post("/echo", "application/x-www-form-urlencoded", "a=1&b=2&b=3")).toMatchObject({
    body: { a: "1", b: ["2", "3"] },
  });
  expect(await post("/echo", "text/plain; charset=utf-8", "hällo")).toMatchObject({ body: "hällo" });
  expect(await post("/left", "image/png", "12345")).toEqual({ body: null, bytes: 5 });
});

test("a schema refuses what does not fit with the field's name, another type with 415, and converts what fits", async () => {
  await using web = await serve({
    "POST /orders": route({ input: z.object({ count: z.number() }), status: 201 }, ({ body }) => ({
      twice: body.count * 2,
    })),
    "GET /orders": route({ query: z.object({ page: z.coerce.number() }) }, ({ query }) => query.page + 1),
    "GET /broken": route({ output: z.object({ a: z.string() }) }, () => ({ a: 1 }) as never),
  });
  const post = (body: string, type = "application/json") =>
    web.fetch("/orders", { method: "POST", body, headers: { "content-type": type } });
  const saved = await post('{"count":2}');
  expect([saved.status, await saved.json()]).toEqual([201, { twice: 4 }]);
  const bad = await post('{"count":"two"}');
  expect(bad.status).toBe(400);
  expect(bad.headers.get("content-type")).toBe("application/problem+json");
  expect(await bad.json()).toMatchObject({
    status: 400,
    code: "INVALID_INPUT",
    detail: expect.stringContaining("count"),
  });
  expect((await post("{count")).status).toBe(400);
  expect((await post("count=2", "text/plain")).status).toBe(415);
  expect((await post("x", "multipart/form-data; boundary=x")).status).toBe(415);
  expect(await (await web.fetch("/orders?page=2")).json()).toBe(3);
  expect((await web.fetch("/orders?page=x")).status).toBe(400);
  const broken = await web.fetch("/broken");
  expect([broken.status, Object.keys((await broken.json()) as object)]).toEqual([500, ["type", "title", "status"]]);
});

const CODES = {
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  FAILED_PRECONDITION: 412,
  TOO_LARGE: 413,
  OVERLOADED: 429,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
  INTERNAL: 500,
} as const;

test("codes of errors are statuses, and what is not the client's doing is not told", async () => {
  await using web = await serve({
    "GET /fail/:code": ({ params }) => {
      throw new HadronError(params.code as keyof typeof CODES, "the reason", { retryAfterMs: 2500 });
    },
    "GET /throw": () => {
      throw new Error("the password is 123");
    },
  });
  for (const [code, status] of Object.entries(CODES)) {
    const answer = await web.fetch(`/fail/${code}`);
    const body = (await answer.json()) as { detail?: string };
    expect([code, answer.status]).toEqual([code, status]);
    expect([code, body.detail]).toEqual([code, status < 500 && status !== 429 ? "the reason" : undefined]);
    expect([code, answer.headers.get("retry-after")]).toEqual([code, status === 429 || status === 503 ? "3" : null]);
  }
  const thrown = await web.fetch("/throw");
  expect([thrown.status, await thrown.text()]).toEqual([500, expect.not.stringContaining("123")]);
  expect(web.logged.join("\n")).toContain("the password is 123");
});

test("problem and redirect answer whether they are returned or thrown", async () => {
  await using web = await serve({
    "GET /problem": () => problem(418, "A teapot", { pot: 1 }),
    "GET /thrown": () => {
      throw problem(404);
    },
    "GET /away": () => redirect("/there?a=1"),
  });
  const answer = await web.fetch("/problem");
  expect([answer.status, await answer.json()]).toEqual([
    418,
    { type: "about:blank", title: "I'm a Teapot", status: 418, detail: "A teapot", pot: 1 },
  ]);
  expect((await web.fetch("/thrown")).status).toBe(404);
  const away = await web.fetch("/away");
  expect([away.status, away.headers.get("location")]).toEqual([303, "/there?a=1"]);
  expect(() => redirect("/a\r\nset-cookie: x=1")).toThrow(TypeError);
  expect(() => problem(200)).toThrow(RangeError);
});

test("bytes, blobs, streams and Responses go out as they are", async () => {
  await using web = await serve({
    "GET /bytes": () => new Uint8Array([1, 2, 255]),
    "GET /blob": () => new Blob(["hi"], { type: "text/css" }),
    "GET /stream": () => ReadableStream.from([Buffer.from("a"), Buffer.from("b")]),
    "GET /response": () =>
      new Response("made", {
        status: 202,
        headers: [
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ],
      }),
  });
  expect([...new Uint8Array(await (await web.fetch("/bytes")).arrayBuffer())]).toEqual([1, 2, 255]);
  const blob = await web.fetch("/blob");
  expect([blob.headers.get("content-type"), await blob.text()]).toEqual(["text/css", "hi"]);
  expect(await (await web.fetch("/stream")).text()).toBe("ab");
  const response = await web.fetch("/response");
  expect([response.status, response.headers.getSetCookie(), await response.text()]).toEqual([
    202,
    ["a=1", "b=2"],
    "made",
  ]);
});

test("an async generator is server-sent events, each as it is yielded", async () => {
  const { promise: wait, resolve: go } = Promise.withResolvers<void>();
  await using web = await serve({
    "GET /events": async function* () {
      yield { a: "1\n2" };
      await wait;
      yield event("named", { event: "placed", id: "7", retryMs: 100 });
    },
    "GET /refused": async function* () {
      yield await Promise.reject(new HadronError("NOT_FOUND", "No such stream."));
    },
  });
  const answer = await web.fetch("/events");
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toBe('data: {"a":"1\\n2"}\n\n');
  go();
  expect((await reader.read()).value).toBe('event: placed\nid: 7\nretry: 100\ndata: "named"\n\n');
  expect((await reader.read()).done).toBe(true);
  expect((await web.fetch("/refused")).status).toBe(404);
});

test("a client that goes away aborts the signal and ends the generator", async () => {
  const aborted = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  await using web = await serve({
    "GET /slow": ({ signal }) => {
      signal.addEventListener("abort", () => aborted.resolve());
      return new Promise(() => {});
    },
    "GET /events": async function* () {
      try {
        for (;;) {
          yield 1;
          await new Promise(setImmediate);
        }
      } finally {
        ended.resolve();
      }
    },
  });
  for (const path of ["/slow", "/events"]) {
    const controller = new AbortController();
    const asking = web.fetch(path, { signal: controller.signal }).then((answer) => answer.text());
    setTimeout(() => controller.abort(), 50);
    await expect(asking).rejects.toThrow();
  }
  await aborted.promise;
  await ended.promise;
  expect(web.server.dispatcher.inFlight).toBe(0);
});

test("a handler that fails after the first byte breaks the answer off", async () => {
  await using web = await serve({
    "GET /half": async function* () {
      yield 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new Error("half way");
    },
  });
  const answer = await web.fetch("/half");
  await expect(answer.text()).rejects.toThrow();
  expect(web.logged.join("\n")).toContain("half way");
});

test("time that runs out is 504, and aborts the signal; a stream that has begun lasts", async () => {
  const aborted = Promise.withResolvers<void>();
  await using web = await serve(
    {
      "GET /never": ({ signal }) => {
        signal.addEventListener("abort", () => aborted.resolve());
        return new Promise(() => {});
      },
      "GET /long": async function* () {
        for (let at = 0; at < 4; at++) {
          yield at;
          await new Promise((resolve) => setTimeout(resolve, 60));
        }
      },
      "GET /more": route({ timeoutMs: 5000 }, async () => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        return "late";
      }),
    },
    { timeoutMs: 100 },
  );
  expect((await web.fetch("/never")).status).toBe(504);
  await aborted.promise;
  expect((await (await web.fetch("/long")).text()).match(/data/g)).toHaveLength(4);
  expect((await web.fetch("/more")).status).toBe(200);
});

test("declarations that break a rule are refused, with the key", () => {
  const refuse = (routes: Record<string, unknown>) => () => http(routes as never);
  expect(refuse({ "get /a": () => 1 })).toThrow(/"get \/a".*write GET/);
  expect(refuse({ "GET a": () => 1 })).toThrow(/does not begin with/);
  expect(refuse({ "GET /a/": () => 1 })).toThrow(/ends in/);
  expect(refuse({ "GET /*/a": () => 1 })).toThrow(/only be the last/);
  expect(refuse({ "GET /:a/:a": () => 1 })).toThrow(/there twice/);
  expect(refuse({ "GET /:a": () => 1, "GET /:b": () => 2 })).toThrow(/"GET \/:a" and "GET \/:b" match the same/);
  expect(refuse({ "GET /é": () => 1, "GET /%C3%A9": () => 2 })).toThrow(/match the same/);
  expect(refuse({ "GET /a": 7 })).toThrow(/leads to number/);
  expect(() => http({}, { maxBodyBytes: 0 })).toThrow(/maxBodyBytes/);
  expect(() => http({}, { cors: { origins: "*", credentials: true } })).toThrow(/credentials/);
});

test("what has begun lasts longer than timeoutMs, also where it is another service's stream", async () => {
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const slow = service("slow", async function* () {
    for (let at = 1; at <= 4; at++) {
      yield at;
      await wait(150);
    }
  });
  const routes = http(
    {
      "GET /items": async function* () {
        yield* slow();
      },
    },
    { timeoutMs: 300 },
  );
  const web = service("web", routes, { uses: [slow] });
  await using _app = await start(web, slow);
  expect(await (await web.fetch("/items")).text()).toBe("data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n");
});

test("a stream that is there at once is an answer with a length; one that goes on comes as it is made", async () => {
  const endless = function* () {
    for (;;) yield Buffer.alloc(1000, "x");
  };
  await using web = await serve({
    "GET /short": () => new Response(ReadableStream.from([Buffer.from("ab"), Buffer.from("c")])),
    "GET /empty": () => new Response(ReadableStream.from([])),
    "GET /endless": () => new Response(ReadableStream.from(endless())),
  });
  const short = await web.fetch("/short");
  expect([short.headers.get("content-length"), await short.text()]).toEqual(["3", "abc"]);
  const empty = await web.fetch("/empty");
  expect([empty.headers.get("content-length"), await empty.text()]).toEqual(["0", ""]);
  const going = await web.fetch("/endless");
  expect([going.headers.get("content-length"), going.headers.get("transfer-encoding")]).toEqual([null, "chunked"]);
  const reader = going.body?.getReader();
  for (let bytes = 0; bytes < 300_000; ) bytes += (await reader?.read())?.value?.length ?? Number.NaN;
  await reader?.cancel();
});
