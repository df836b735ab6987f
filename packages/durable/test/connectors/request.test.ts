import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { asker } from "./scripts.ts";

/** A server that fails as the path says; `asked`: what came. */
async function createPeer() {
  const asked: { readonly path: string; readonly key: string | undefined; readonly body: string }[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const chunks = await Array.fromAsync(request);
    const path = request.url ?? "";
    const key = request.headers["idempotency-key"];
    asked.push({ path, key: key?.toString(), body: Buffer.concat(chunks).toString() });
    const of = asked.filter((one) => one.path === path).length;
    if (path.startsWith("/flaky")) {
      if (of === 1) return request.socket.destroy();
      if (of === 2) return response.writeHead(503).end();
      return response.writeHead(201, { "content-type": "application/json" }).end('{"charge":1}');
    }
    if (path === "/text") return response.writeHead(200, { "content-type": "text/plain" }).end("grüße");
    if (path === "/large") return response.end("x".repeat(1024 * 1024));
    return response.writeHead(500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

test("http.request keeps the answer, is tried again as declared, with the step's key as Idempotency-Key", async () => {
  await using _app = await start(asker, { time: "virtual", seed: 1 });
  const { asked, url, close } = await createPeer();
  try {
    const one = await asker.start(url, { id: "grün" });
    expect(await one.result()).toEqual({
      made: [201, { charge: 1 }],
      text: "grüße",
      down: 500,
      large: ["TOO_LARGE", expect.stringContaining("/large has more than")],
      nobody: expect.stringMatching(/./),
    });
    const flaky = asked.filter(({ path }) => path === "/flaky?secret=1");
    expect(flaky.map(({ body }) => body)).toEqual(['{"amount":7}', '{"amount":7}', '{"amount":7}']);
    expect(new Set(flaky.map(({ key }) => key)).size).toBe(1);
    expect(flaky[0]?.key).toMatch(/^asker\/gr_n:POST http:\S+\/flaky#1~[\w-]{43}$/);
    expect(asked.find(({ path }) => path === "/text")?.key).toBe("own");
    expect(asked.filter(({ path }) => path === "/down")).toHaveLength(2);
    const names = (await Array.fromAsync(one.events())).flatMap((event) => (event.type === "called" ? event.name : []));
    expect(names[0]).toBe(`POST ${url}/flaky`);
  } finally {
    close();
  }
});
