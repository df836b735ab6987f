import { expect, test } from "vitest";
import { heard, open, say, serve } from "./serve.ts";

const HEAD = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\n";
const SECOND = "GET /secret HTTP/1.1\r\nhost: x\r\n\r\n";

test.each([
  ["a length with chunks", `${HEAD}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${SECOND}`],
  ["chunks with a length", `${HEAD}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n${SECOND}`],
  ["two lengths", `${HEAD}content-length: 0\r\ncontent-length: 40\r\n\r\n${SECOND}`],
  ["two lengths in one header", `${HEAD}content-length: 0, 40\r\n\r\n${SECOND}`],
  ["a length that is none", `${HEAD}content-length: +3\r\n\r\nabc${SECOND}`],
  ["a negative length", `${HEAD}content-length: -1\r\n\r\n${SECOND}`],
  ["chunks in another word", `${HEAD}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${SECOND}`],
  ["chunks not last", `${HEAD}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${SECOND}`],
  ["a space before the colon", `${HEAD}content-length : 0\r\n\r\n${SECOND}`],
  ["a folded header", `${HEAD}x-a: 1\r\n  2\r\ncontent-length: 0\r\n\r\n${SECOND}`],
  ["a header without a name", `${HEAD}: x\r\ncontent-length: 0\r\n\r\n${SECOND}`],
  ["a NUL in a header", `${HEAD}x-a: a\0b\r\ncontent-length: 0\r\n\r\n${SECOND}`],
  ["a bare CR in a header", `${HEAD}x-a: a\rb: c\r\ncontent-length: 0\r\n\r\n${SECOND}`],
  ["a chunk whose size is none", `${HEAD}transfer-encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n${SECOND}`],
  ["a chunk that is longer than it says", `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n${SECOND}`],
  ["a chunk that ends in a bare LF", `${HEAD}transfer-encoding: chunked\r\n\r\n1\na\n0\n\n${SECOND}`],
  ["another version", `GET / HTTP/3.7\r\nhost: x\r\n\r\n${SECOND}`],
])("%s is refused, and nothing behind it is heard", async (_, text) => {
  const asked: string[] = [];
  await using web = await serve({
    "GET /secret": () => asked.push("secret"),
    "POST /": ({ body }) => body ?? null,
    "GET /": () => 1,
  });
  const answer = await say(web.port, text);
  expect(asked).toEqual([]);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
});

test("extensions of chunks mean nothing, and too many of them end the connection", async () => {
  await using web = await serve({ "POST /": ({ body }) => body ?? null });
  const chunked = `${HEAD}connection: close\r\ntransfer-encoding: chunked\r\n\r\n`;
  expect(await say(web.port, `${chunked}2;a=b;c="d"\r\nhi\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 [\s\S]*"hi"$/);
  const flood = await say(web.port, `${chunked}2;${"a".repeat(20_000)}\r\nhi\r\n0\r\n\r\n`);
  expect(flood).toMatch(/^HTTP\/1\.1 413 /);
});

test("a head that is too large is 431, one that is too slow 408", async () => {
  await using web = await serve({ "GET /": () => 1 }, {}, { headersMs: 200 });
  expect(await say(web.port, `GET / HTTP/1.1\r\nhost: x\r\nx-a: ${"a".repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 /,
  );
  const socket = await open(web.port);
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n");
  const drip = setInterval(() => socket.write("x-a: 1\r\n"), 20);
  expect(await heard(socket)).toMatch(/^HTTP\/1\.1 408 /);
  clearInterval(drip);
});

test("a header with a line break from what a user sent goes nowhere", async () => {
  await using web = await serve({
    "GET /response": ({ query }) => new Response("x", { headers: { "x-name": query.name ?? "" } }),
  });
  const answer = await say(
    web.port,
    "GET /response?name=a%0d%0aset-cookie:%20a=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
  );
  expect(answer).toMatch(/^HTTP\/1\.1 500 /);
  expect(answer.toLowerCase()).not.toContain("set-cookie");
});

test("a request without a host is 400", async () => {
  await using web = await serve({ "GET /": () => 1 });
  expect(await say(web.port, "GET / HTTP/1.1\r\nconnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
});

test("a host that is none is 400 where the request is looked at", async () => {
  await using web = await serve({ "GET /": ({ request }) => request.url });
  const ask = (host: string) => say(web.port, `GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  expect(await ask("shop.example:8080")).toContain('"http://shop.example:8080/"');
  expect(await ask("[::1]:80")).toMatch(/^HTTP\/1\.1 200 /);
  for (const host of ["a/../b", "user@evil.example", "a b", "a?b", "a#b"])
    expect(await ask(host)).toMatch(/^HTTP\/1\.1 400 /);
});

test("requests one behind the other on a connection are answered in their order", async () => {
  await using web = await serve({
    "GET /slow": () => new Promise((resolve) => setImmediate(() => setImmediate(resolve, "slow"))),
    "GET /quick": () => "quick",
  });
  const both = await say(
    web.port,
    "GET /slow HTTP/1.1\r\nhost: x\r\n\r\nGET /quick HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
  );
  expect(both).toMatch(/"slow"HTTP[\s\S]*"quick"$/);
});
