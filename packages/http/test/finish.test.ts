import { get, type IncomingMessage } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { chooseEncoding } from "../src/answer/compress.ts";
import { say, serve } from "./serve.ts";

const LONG = { text: "long ".repeat(1000) };

/** As `fetch`, which decodes what it gets: here it comes as it is. */
async function raw(url: string, headers: Record<string, string>): Promise<{ response: IncomingMessage; body: Buffer }> {
  const response = await new Promise<IncomingMessage>((resolve) => get(url, { headers }, resolve));
  return { response, body: Buffer.concat(await response.toArray()) };
}

test("what is long and gets shorter is compressed as the client likes, and nothing else is", async () => {
  await using web = await serve({
    "GET /long": () => LONG,
    "GET /short": () => 1,
    "GET /png": () => new Response(new Uint8Array(5000), { headers: { "content-type": "image/png" } }),
    "GET /kept": () => new Response("x".repeat(5000), { headers: { "cache-control": "no-transform" } }),
    "GET /events": async function* () {
      yield LONG;
    },
  });
  const gzip = await raw(`${web.url}/long`, { "accept-encoding": "gzip" });
  expect([gzip.response.headers["content-encoding"], gzip.response.headers.vary]).toEqual(["gzip", "accept-encoding"]);
  expect(JSON.parse(gunzipSync(gzip.body).toString())).toEqual(LONG);
  const br = await raw(`${web.url}/long`, { "accept-encoding": "gzip;q=0.5, br" });
  expect(JSON.parse(brotliDecompressSync(br.body).toString())).toEqual(LONG);
  const plain = await raw(`${web.url}/long`, {});
  expect([plain.response.headers["content-encoding"], plain.response.headers.vary]).toEqual([
    undefined,
    "accept-encoding",
  ]);
  for (const path of ["/short", "/png", "/kept", "/events"]) {
    const { response } = await raw(web.url + path, { "accept-encoding": "gzip, br" });
    expect([path, response.headers["content-encoding"]]).toEqual([path, undefined]);
  }
});

test.each([
  ["gzip", "gzip"],
  ["br;q=0, *", "gzip"],
  ["*;q=0", undefined],
  ["identity", undefined],
  ["GZIP ; q=0.1", "gzip"],
  ["br;q=nonsense", undefined],
])("of %s, %s is chosen", (accepts, chosen) => {
  expect(chooseEncoding(accepts)).toBe(chosen);
});

test("an answer whose tag the client has is 304, without its body", async () => {
  await using web = await serve({ "GET /": () => new Response("body", { headers: { etag: '"1"', "x-other": "1" } }) });
  expect((await web.fetch("/", { headers: { "if-none-match": '"0"' } })).status).toBe(200);
  const answer = await say(
    web.port,
    'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nif-none-match: "0", W/"1"\r\n\r\n',
  );
  expect(answer).toMatch(/^HTTP\/1\.1 304 [\s\S]*etag: "1"[\s\S]*\r\n\r\n$/);
  expect(answer).not.toMatch(/x-other|body/);
});

test("without cors nothing is allowed; with it, the origins that are named, and preflights are answered", async () => {
  await using closed = await serve({ "GET /": () => 1 });
  const origin = { origin: "https://shop.example" };
  expect((await closed.fetch("/", { headers: origin })).headers.get("access-control-allow-origin")).toBe(null);
  await using web = await serve(
    { "PUT /a": () => 1 },
    { cors: { origins: ["https://shop.example"], credentials: true } },
  );
  const put = await web.fetch("/a", { method: "PUT", headers: origin });
  expect(put.headers.get("access-control-allow-origin")).toBe("https://shop.example");
  expect([put.headers.get("access-control-allow-credentials"), put.headers.get("vary")]).toEqual(["true", "origin"]);
  const other = await web.fetch("/a", { method: "PUT", headers: { origin: "https://evil.example" } });
  expect(other.headers.get("access-control-allow-origin")).toBe(null);
  const preflight = { ...origin, "access-control-request-method": "PUT", "access-control-request-headers": "x-a" };
  const asked = await web.fetch("/a", { method: "OPTIONS", headers: preflight });
  expect([
    asked.status,
    asked.headers.get("access-control-allow-methods"),
    asked.headers.get("access-control-allow-headers"),
  ]).toEqual([204, "OPTIONS, PUT", "x-a"]);
});
