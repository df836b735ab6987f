import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createSystemClock } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { S3Driver } from "../../src/bucket/s3/driver.ts";

const open = (url: string) =>
  S3Driver.open({
    variable: "S3_URL",
    url,
    app: "shop",
    deployment: { id: "d1", adopt: false },
    clock: createSystemClock(),
  });
const text = { contentType: "text/plain", maxBytes: Number.POSITIVE_INFINITY };
async function* bytes(...pieces: readonly string[]) {
  for (const piece of pieces) yield Buffer.from(piece);
}

/** What no server can be made to do when a test wants it. */
async function peer(answer: RequestListener) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    // Whose the objects are: this deployment's, in all of these tests.
    if (request.url?.endsWith("/deployment")) return void response.end("d1");
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
    return undefined;
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    asked,
    url: `http://key:secret@127.0.0.1:${port}/shop-data`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
const NOTHING = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";

test("a URL that is none is told with what it lacks, and without what is in it", async () => {
  const refused = async (url: string, why: string) => {
    const error = await open(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(`S3_URL is no address of an S3 bucket: ${why}`),
    });
    expect(String(error)).not.toContain("sesame");
  };
  await refused("postgres://u:sesame@h/d", "it is no http or https URL");
  await refused("", "it is no http or https URL");
  await refused("https://s3.example.com/b", "it says no key and secret");
  await refused("https://key:sesame@s3.example.com/", "it names no bucket");
  const gone = await peer(() => {});
  await gone[Symbol.asyncDispose]();
  await expect(open(gone.url)).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(/\(127\.0\.0\.1:\d+\) cannot be asked: connect ECONNREFUSED/),
  });
});

test("a server that is busy is asked again, and told of where it stays so", async () => {
  let busy = 2;
  await using server = await peer((_request, response) => {
    if (busy-- > 0)
      response.writeHead(503).end("<Error><Code>SlowDown</Code><Message>Reduce your rate.</Message></Error>");
    else response.end(NOTHING);
  });
  await open(server.url);
  expect(server.asked.map((line) => line.includes("uploads"))).toEqual([false, false, false, true]);
  busy = 100;
  await expect(open(server.url)).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: "The server of the buckets refused GET of its bucket: SlowDown, Reduce your rate.",
  });
});

test("a put on a condition whose answer was lost is not made twice: nobody knows whether it was done", async () => {
  await using server = await peer((request, response) => {
    if (request.method === "PUT") request.socket.destroy();
    else if (request.method === "HEAD") response.writeHead(404).end();
    else response.end(NOTHING);
  });
  const driver = await open(server.url);
  await expect(driver.put("b", "k", bytes("1"), { ...text, ifNoneMatch: "*" })).rejects.toMatchObject({
    code: "UNAVAILABLE",
  });
  expect(server.asked.filter((line) => line.startsWith("PUT"))).toEqual(["PUT /shop-data/shop/b/k"]);
});

test("an answer that ends in the middle of an object is UNAVAILABLE, and no shorter object", async () => {
  await using server = await peer((request, response) => {
    if (request.url !== "/shop-data/shop/b/k") return response.end(NOTHING);
    response.writeHead(200, { "content-length": 10 }).write("12345");
    setTimeout(() => response.destroy(), 50);
    return undefined;
  });
  const found = await (await open(server.url)).get("b", "k", undefined);
  expect(found?.info.bytes).toBe(10);
  await expect(Array.fromAsync(found?.chunks ?? [])).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringContaining('in the middle of "k"'),
  });
});

test("an upload that was put together with an error says so, although its status is 200", async () => {
  await using server = await peer((request, response) => {
    request.resume();
    request.on("end", () => {
      const { method, url = "" } = request;
      if (method === "POST" && url.includes("uploads=")) response.end("<R><UploadId>u1</UploadId></R>");
      else if (method === "POST") response.end("<Error><Code>InternalError</Code></Error>");
      else if (method === "PUT") response.setHeader("etag", '"e"').end();
      else response.end(method === "GET" ? NOTHING : undefined);
    });
  });
  const driver = await open(server.url);
  const chunks = bytes("x".repeat(9 * 1024 * 1024));
  await expect(driver.put("b", "k", chunks, text)).rejects.toMatchObject({
    message: expect.stringContaining("InternalError"),
  });
  // Its parts are given up.
  expect(server.asked.at(-1)).toBe("DELETE /shop-data/shop/b/k?uploadId=u1");
});

test("keys that S3 cannot have are refused before anything is sent", async () => {
  await using server = await peer((_request, response) => void response.end(NOTHING));
  const driver = await open(server.url);
  const before = server.asked.length;
  await expect(driver.put("b", "a/../b", bytes(""), text)).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(driver.get("b", ".", undefined)).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(driver.head("b", "x".repeat(1024))).rejects.toMatchObject({
    code: "TOO_LARGE",
    message: 'The key has 1024 bytes, and on S3 may have 1017, behind "shop/b/".',
  });
  expect(server.asked).toHaveLength(before);
});
