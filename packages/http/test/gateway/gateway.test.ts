import { type AnyService, HadronError, procedure, service } from "@hadron/core";
import { compose, secret } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { spread } from "@hadron/patterns";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { createFetch } from "../../src/client/fetch.ts";
import { auth, http, type Listener, listenAt } from "../../src/index.ts";

const insert = service("insert", (message: { text: string }) => ({ inserted: message }));
const orders = service("orders", {
  get(input: { id: string; full?: string }) {
    if (input.id === "9") throw new HadronError("NOT_FOUND", "There is no such order.");
    return input;
  },
  save: procedure({ input: z.object({ id: z.string(), count: z.number() }) }, (order) => order),
  async *follow({ id }: { id: string }) {
    for (let at = 1; at <= 2; at++) yield { id, at };
  },
});
const web = service(
  "web",
  spread(
    2,
    http({
      "GET /shop/hello": ({ request }) => ({ url: request.url }),
      "POST /shop/length": async ({ request }) => ({ bytes: (await request.arrayBuffer()).byteLength }),
      "GET /shop/events": async function* () {
        yield 1;
        yield 2;
      },
    }),
  ),
);

afterEach(() => vi.unstubAllEnvs());

const SHOP = "https://shop.example.com";
const addresses = [
  listenAt(`${SHOP}/insert`, "POST", insert, { status: 201 }),
  listenAt(`${SHOP}/orders/:id`, "GET", orders.get),
  listenAt(`${SHOP}/orders/:id`, "PUT", orders.save),
  listenAt(`${SHOP}/orders/:id/events`, "GET", orders.follow),
  listenAt(`${SHOP}/upper`, "POST", (text: string) => text.toUpperCase()),
  listenAt(`${SHOP}/size`, "POST", (bytes: Uint8Array) => bytes.length, { maxBodyBytes: 2000 }),
  listenAt(`${SHOP}/shop/*`, "*", web),
];

interface Problem {
  readonly detail: string;
}

/** An app and its addresses, asked by URL as a client would. */
async function startAt(...given: readonly (Listener | AnyService)[]) {
  const app = await start(...given);
  const fetch = createFetch((input) => app.call("hadron.gateway", "fetch", input));
  return { app, fetch, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

const json = (value: unknown, method = "POST"): RequestInit => ({
  method,
  body: JSON.stringify(value),
  headers: { "content-type": "application/json" },
});

test("an app of addresses has one service that outside callers reach with HTTP, and it says what it is", () => {
  const { services } = compose("shop", [...addresses]).topology;
  const gateway = services.find(({ name }) => name === "hadron.gateway");
  expect(gateway).toMatchObject({ web: "fetch", procedures: ["fetch"] });
});

test("the body is the input, and what comes back the answer", async () => {
  await using shop = await startAt(...addresses);
  const inserted = await shop.fetch(`${SHOP}/insert`, json({ text: "Ann" }));
  expect([inserted.status, await inserted.json()]).toEqual([201, { inserted: { text: "Ann" } }]);
  const upper = await shop.fetch(`${SHOP}/upper`, {
    method: "POST",
    body: "größe",
    headers: { "content-type": "text/plain" },
  });
  expect(await upper.json()).toBe("GRÖSSE");
  const size = await shop.fetch(`${SHOP}/size`, { method: "POST", body: new Uint8Array(1234) });
  expect(await size.json()).toBe(1234);
});

test("path and query are fields of the input, and nothing overrules the path", async () => {
  await using shop = await startAt(...addresses);
  expect(await (await shop.fetch(`${SHOP}/orders/a%2Fb?full=yes&tag=x&tag=y`)).json()).toEqual({
    id: "a/b",
    full: "yes",
    tag: ["x", "y"],
  });
  expect(await (await shop.fetch(`${SHOP}/orders/7?id=8`)).json()).toEqual({ id: "7" });
  const saved = await shop.fetch(`${SHOP}/orders/7`, json({ id: "8", count: 2 }, "PUT"));
  expect(await saved.json()).toEqual({ id: "7", count: 2 });
  const array = await shop.fetch(`${SHOP}/orders/7`, json([1], "PUT"));
  expect([array.status, ((await array.json()) as Problem).detail]).toEqual([
    400,
    "The path has parameters: send an object, so that they can be fields of it.",
  ]);
});

test("errors are statuses by their code", async () => {
  await using shop = await startAt(...addresses);
  const status = async (path: string, init?: RequestInit) => (await shop.fetch(SHOP + path, init)).status;
  expect(await status("/orders/9")).toBe(404);
  expect(await status("/orders/7", json({ count: "many" }, "PUT"))).toBe(400);
  expect(await status("/nothing")).toBe(404);
  expect(await status("/insert")).toBe(405);
  expect(await status("/insert/", json({}))).toBe(308);
  expect(await status("/insert", { ...json({}), body: "{" })).toBe(400);
  expect(await status("/size", { method: "POST", body: new Uint8Array(2001) })).toBe(413);
  expect((await shop.fetch(`${SHOP}/orders/7`, { method: "OPTIONS" })).headers.get("allow")).toBe(
    "GET, HEAD, OPTIONS, PUT",
  );
});

test("a stream is sent as events, and a service of routes gets requests whole", async () => {
  await using shop = await startAt(...addresses);
  const text = async (path: string, init?: RequestInit) => (await shop.fetch(SHOP + path, init)).text();
  expect(await text("/orders/7/events")).toBe('data: {"id":"7","at":1}\n\ndata: {"id":"7","at":2}\n\n');
  expect(await text("/shop/events")).toBe("data: 1\n\ndata: 2\n\n");
  expect(await text("/shop/hello?a=1")).toBe('{"url":"https://shop.example.com/shop/hello?a=1"}');
  expect(await text("/shop/length", { method: "POST", body: new Uint8Array(3_000_000) })).toBe('{"bytes":3000000}');
  expect((await shop.fetch(`${SHOP}/shop/none`)).status).toBe(404);
});

test("timeoutMs is the time until an answer begins: what has begun lasts", async () => {
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const slow = service("slow", {
    async *items() {
      for (let at = 1; at <= 4; at++) {
        yield at;
        await wait(150);
      }
    },
    never: () => wait(5000),
  });
  const site = service("site", http({ "GET /site/never": () => wait(5000), "GET /site/items": () => slow.items() }));
  await using shop = await startAt(
    listenAt(`${SHOP}/site/*`, "*", site, { timeoutMs: 300 }),
    listenAt(`${SHOP}/items`, "GET", slow.items, { timeoutMs: 300 }),
    listenAt(`${SHOP}/never`, "GET", slow.never, { timeoutMs: 300 }),
  );
  expect(await (await shop.fetch(`${SHOP}/items`)).text()).toBe("data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n");
  expect((await shop.fetch(`${SHOP}/never`)).status).toBe(504);
  expect(await (await shop.fetch(`${SHOP}/site/items`)).text()).toContain("data: 4");
  expect((await shop.fetch(`${SHOP}/site/never`)).status).toBe(504);
});

test("the host decides; who asks for this machine means the only host that there is", async () => {
  const other = listenAt("http://other.example.com/insert", "POST", () => "other");
  {
    await using shop = await startAt(...addresses, other);
    expect(await (await shop.fetch("http://OTHER.example.com:8080/insert", { method: "POST" })).json()).toBe("other");
    const nobody = await shop.fetch("http://localhost/insert", { method: "POST" });
    expect([nobody.status, ((await nobody.json()) as Problem).detail]).toEqual([
      421,
      'Nothing of this app is at the host "localhost"; there is shop.example.com, other.example.com.',
    ]);
  }
  await using shop = await startAt(...addresses);
  for (const host of ["localhost:1", "127.0.0.1:2", "[::1]", "10.1.2.3"]) {
    expect((await shop.fetch(`http://${host}/upper`, { method: "OPTIONS" })).status).toBe(204);
  }
  expect((await shop.fetch("http://elsewhere.example.com/upper", { method: "OPTIONS" })).status).toBe(421);
});

test("filters stand before an address, and a service's guard before each of its own", async () => {
  const guarded = service("guarded", (_: unknown, { caller }) => caller?.user?.id ?? null, {
    guard: auth.bearer(secret("GATEWAY_TOKEN")),
  });
  const refuse = () => Response.json("closed", { status: 418 });
  vi.stubEnv("GATEWAY_TOKEN", "s3cret");
  await using shop = await startAt(
    listenAt(`${SHOP}/guarded`, "GET", guarded),
    listenAt(`${SHOP}/closed`, "GET", () => 1, { before: [refuse] }),
  );
  expect((await shop.fetch(`${SHOP}/guarded`)).status).toBe(401);
  const shown = await shop.fetch(`${SHOP}/guarded`, { headers: { authorization: "Bearer s3cret" } });
  expect([shown.status, await shown.json()]).toEqual([200, "bearer"]);
  expect((await shop.fetch(`${SHOP}/closed`)).status).toBe(418);
});

test("all of an app are one hidden service, which says what is found there", () => {
  const { topology } = compose("shop", [...addresses, orders]);
  expect(topology.services.map(({ name }) => name)).toEqual([
    "orders",
    "insert",
    "post-upper",
    "post-size",
    "web",
    "web.leaf",
    "hadron.gateway",
  ]);
  const found = topology.services.find(({ name }) => name === "hadron.gateway");
  expect(found?.uses).toEqual(["insert", "orders", "post-upper", "post-size", "web"]);
  expect(found?.exposed).toEqual({
    port: null,
    host: "127.0.0.1",
    via: "ingress",
    hostname: ["shop.example.com"],
    addresses: [
      "POST https://shop.example.com/insert",
      "GET https://shop.example.com/orders/:id",
      "PUT https://shop.example.com/orders/:id",
      "GET https://shop.example.com/orders/:id/events",
      "POST https://shop.example.com/upper",
      "POST https://shop.example.com/size",
      "* https://shop.example.com/shop/*",
    ],
  });
});

test("a port that is said is listened on, also a scheme's own", () => {
  const exposed = (...urls: string[]) => {
    const given = urls.map((url, at) => listenAt(`${url}/${at}`, "GET", () => at));
    const { topology } = compose("shop", given);
    const { port, via } = topology.services.at(-1)?.exposed ?? {};
    return [port, via];
  };
  expect(exposed("http://localhost:8080")).toEqual([8080, "port"]);
  expect(exposed("http://localhost:30084", "http://127.0.0.1:30084", "http://localhost")).toEqual([30084, "node-port"]);
  expect(exposed("http://shop.example.com:80")).toEqual([80, "ingress"]);
  expect(exposed("http://10.1.2.3")).toEqual([null, "port"]);
  expect(() => exposed("http://localhost:1", "http://localhost:2")).toThrow(
    /two say different ports: listenAt GET http:\/\/localhost:1\/0 at .*gateway\.test\.ts:\d+:\d+, and listenAt GET http:\/\/localhost:2\/1 at /,
  );
});

test("what cannot be an address is an error where it is declared", () => {
  const at =
    (url: string, method: string, target: unknown = insert, options = {}) =>
    () =>
      listenAt(url, method as "GET", target as never, options);
  expect(at("/insert", "POST")).toThrow('the address is a URL such as "https://shop.example.com/insert"');
  expect(at("ftp://shop/insert", "POST")).toThrow("the address is a URL such as");
  expect(at("http://a:b@shop/insert", "POST")).toThrow("an address has no user and no password");
  expect(at("http://shop/insert?a=1", "POST")).toThrow("an address has no query and no fragment");
  expect(at("http://shop/insert", "post")).toThrow("the method is one of GET, HEAD, POST");
  expect(at("http://shop/insert/", "POST")).toThrow('it ends in "/"');
  expect(at("http://shop/insert", "POST", { save: 1 })).toThrow("it leads to object, and should lead to a service");
  expect(at("http://shop/insert", "POST", insert, { uses: [] })).toThrow("uses is said of a handler");
  expect(at("http://shop/insert", "POST", insert, { befor: [] })).toThrow('there is no option "befor"');
  expect(at("http://shop/insert", "POST", insert, { timeoutMs: 0 })).toThrow("timeoutMs is 0");
  const place = (url: string, method: "GET" | "*", target: unknown = insert) => listenAt(url, method, target as never);
  expect(() => compose("shop", [place("http://shop/:a", "GET"), place("http://shop/:b", "GET")])).toThrow(
    /^Two of the app are at one place: listenAt GET http:\/\/shop\/:a at .*:\d+, and listenAt GET http:\/\/shop\/:b at .*:\d+\.$/,
  );
  expect(() => compose("shop", [place("http://shop/", "GET", orders)])).toThrow(
    '"orders" has several procedures: say which of orders.get, orders.save, orders.follow.',
  );
});
