import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Context, HadronError, procedure, service } from "@hadron/core";
import { compose, secret } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { spread } from "@hadron/patterns";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, expect, test } from "vitest";
import { auth, http, type SessionKept } from "../src/index.ts";
import { serveService } from "./serve.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const token = secret("FRONT_TOKEN");
const pairs = secret("FRONT_PAIRS");
process.env.FRONT_TOKEN = "let-me-in";
// As a file has them: with a line end behind the last.
process.env.FRONT_PAIRS = `ann:one,\nbob:sha256:${auth.hashKey("two")}\n`;

const whoami = { "GET /": ({ context }: { context: Context }) => context.caller?.user };
const bearing = (value: string) => ({ headers: { authorization: `Bearer ${value}` } });
const basic = (text: string) => ({ headers: { authorization: `Basic ${Buffer.from(text).toString("base64")}` } });

/** Values by key, as a key-value has them. */
function keep<T>() {
  const values = new Map<string, T>();
  return {
    values,
    get: async (key: string) => values.get(key),
    set: async (key: string, value: T) => void values.set(key, value),
    delete: async (key: string) => void values.delete(key),
  };
}

test("a token that is a secret lets pass who has it, and tells others what to send", async () => {
  await using web = await serveService(service("web", http(whoami, { before: [auth.bearer(token)] })));
  const none = await web.fetch("/");
  expect([none.status, none.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  expect((await web.fetch("/", bearing("let-me-inn"))).status).toBe(401);
  expect(await (await web.fetch("/", bearing("let-me-in"))).json()).toEqual({ id: "bearer", by: "bearer" });
});

test("signed tokens are checked for signer, audience, time and algorithm, and keys may rotate", async () => {
  const pair = async (alg: string) => {
    const keys = await generateKeyPair(alg);
    return { alg, kid: alg, ...keys };
  };
  const all = await Promise.all(["RS256", "ES256", "EdDSA"].map(pair));
  let shown = all.slice(0, 2);
  const signer = createServer(async (_, response) => {
    const keys = shown.map(async ({ kid, alg, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg }));
    response.end(JSON.stringify({ keys: await Promise.all(keys) }));
  }).listen(0, "127.0.0.1");
  closers.push(() => signer.close());
  await new Promise((resolve) => signer.once("listening", resolve));
  const jwks = `http://127.0.0.1:${(signer.address() as AddressInfo).port}/keys`;
  const guard = auth.bearer({ jwks, issuer: "us", audience: "shop", refreshMs: 1 });
  await using web = await serveService(service("web", http(whoami, { before: [guard] })));
  const make = (
    { alg, kid, privateKey }: (typeof all)[number],
    more: { iss?: string; aud?: string; exp?: number } = {},
  ) =>
    new SignJWT({ role: "cook" })
      .setProtectedHeader({ alg, kid })
      .setSubject("ann")
      .setIssuer(more.iss ?? "us")
      .setAudience(more.aud ?? "shop")
      .setExpirationTime(Math.floor(Date.now() / 1000) + (more.exp ?? 600))
      .sign(privateKey);
  const ask = async (value: string) => web.fetch("/", bearing(value));
  const [rsa, ec, ed] = all as [(typeof all)[number], (typeof all)[number], (typeof all)[number]];
  expect(await (await ask(await make(rsa))).json()).toMatchObject({
    id: "ann",
    by: "bearer",
    claims: { role: "cook" },
  });
  expect((await ask(await make(ec))).status).toBe(200);
  expect((await ask(await make(ed))).status).toBe(401);
  shown = all.slice(1);
  expect((await ask(await make(ed))).status).toBe(200);
  expect((await ask(await make(rsa))).status).toBe(401);
  expect((await ask(await make(ec, { iss: "them" }))).status).toBe(401);
  expect((await ask(await make(ec, { aud: "other" }))).status).toBe(401);
  expect((await ask(await make(ec, { exp: -50 }))).status, "within the skew").toBe(200);
  expect((await ask(await make(ec, { exp: -70 }))).status).toBe(401);
  const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from('{"sub":"ann"}').toString("base64url")}.`;
  expect((await ask(unsigned)).status).toBe(401);
});

test("keys are found by their hash, in a secret or a key-value; passwords are kept salted", async () => {
  const keys = keep<{ id: string }>();
  keys.values.set(auth.hashKey("three"), { id: "cem" });
  const users = keep<string>();
  users.values.set("dan", await auth.hashPassword("four: 4"));
  const any = auth.any(auth.apiKey({ keys: pairs }), auth.apiKey({ keys, header: "x-other" }), auth.basic({ users }));
  await using web = await serveService(service("web", http(whoami, { before: [any] })));
  const who = async (init?: RequestInit) => ((await (await web.fetch("/", init)).json()) as { id: string }).id;
  expect(await who({ headers: { "x-api-key": "one" } })).toBe("ann");
  expect(await who({ headers: { "x-api-key": "two" } })).toBe("bob");
  expect(await who({ headers: { "x-other": "three" } })).toBe("cem");
  expect(await who(basic("dan:four: 4"))).toBe("dan");
  for (const init of [{ headers: { "x-api-key": "three" } }, basic("dan:four"), basic("eve:four"), {}]) {
    const refused = await web.fetch("/", init);
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
      401,
      'Basic realm="Sign in", charset="UTF-8"',
    ]);
  }
});

test("a session is a cookie that no script sees: replaced as it gets old, over when it ends, everywhere where all end", async () => {
  const sessions = keep<SessionKept>();
  const session = auth.session(sessions);
  const part = http(
    {
      "POST /login/:name": async ({ params }) =>
        new Response(null, { status: 204, headers: { "set-cookie": await session.start({ id: params.name }) } }),
      "GET /me": ({ context }) => context.caller?.user?.id,
      "POST /logout": async ({ request }) =>
        new Response(null, { status: 204, headers: { "set-cookie": await session.end(request) } }),
    },
    {
      before: [
        (request, next) => (new URL(request.url).pathname.startsWith("/login") ? next() : session(request, next)),
      ],
    },
  );
  await using web = await serveService(service("web", part, { generated: ["HADRON_USER_KEY"] }));
  const login = async () => (await web.fetch("/login/ann", { method: "POST" })).headers.get("set-cookie") ?? "";
  const ask = (cookie: string, path = "/me", method = "GET") =>
    web.fetch(path, { method, headers: { cookie: cookie.split(";")[0] ?? "" } });
  const [one, two] = [await login(), await login()];
  expect(one).toMatch(/^__Host-session=[\w-]{43}; Path=\/; Max-Age=1209600; HttpOnly; SameSite=Lax; Secure$/);
  expect(JSON.stringify([...sessions.values])).not.toContain(one.slice(15, 58));
  expect(await (await ask(one)).json()).toBe("ann");
  expect((await web.fetch("/me")).status).toBe(401);
  for (const [key, kept] of sessions.values) sessions.values.set(key, { ...kept, at: kept.at - 1_000_000 });
  expect((await ask(one)).headers.get("set-cookie"), "as old as that").toMatch(/^__Host-session=/);
  expect((await ask(one)).headers.get("set-cookie"), "replaced once").toBeNull();
  await ask(one, "/logout", "POST");
  expect((await ask(one)).status).toBe(401);
  expect((await ask(two)).status).toBe(200);
  await session.endAll("ann");
  expect((await ask(two)).status).toBe(401);
  expect((await ask(await login())).status).toBe(200);
});

test("who it is goes down the tree of calls, and a procedure says who may call it", async () => {
  const orders = service("orders", {
    whose: (_: unknown, { caller, meta }: Context) => ({ caller, meta }),
    cancel: procedure(
      { requires: (user, order: string) => order.startsWith(user.id) },
      (order: string) => `no ${order}`,
    ),
  });
  const middle = service("middle", (order: string) => orders.cancel(order));
  const routes = http(
    {
      "GET /whose": () => orders.whose(undefined),
      "POST /cancel/:order": ({ params }) => middle(params.order),
    },
    { before: [auth.apiKey({ keys: pairs })] },
  );
  const web = service("web", routes);
  await using _app = await start(web, orders, middle);
  const init = { headers: { "x-api-key": "one", baggage: "tenant=a" } };
  expect(await (await web.fetch("/whose", init)).json()).toMatchObject({
    caller: { service: "web", user: { id: "ann", by: "apiKey" } },
    meta: {},
  });
  expect(await (await web.fetch("/cancel/ann-7", { ...init, method: "POST" })).json()).toBe("no ann-7");
  const refused = await web.fetch("/cancel/bob-7", { ...init, method: "POST" });
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ detail: '"orders.cancel" is not for this caller.' });
  await expect(middle("ann-7")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  const forged = Buffer.from(JSON.stringify({ id: "ann", by: "apiKey", app: "web", until: 1e15 })).toString(
    "base64url",
  );
  await expect(middle.with({ meta: { "hadron.user": `${forged}.AAAA` } })("ann-7")).rejects.toMatchObject({
    code: "UNAUTHENTICATED",
  });
});

test("a guard asks callers of JSON-RPC from outside, and nobody inside", async () => {
  const math = service(
    "math",
    { who: (_: unknown, { caller, meta }: Context) => ({ user: caller?.user, meta }) },
    {
      expose: true,
      guard: auth.any(auth.bearer(token), auth.apiKey({ keys: pairs })),
    },
  );
  await using served = await serveService(math);
  const ask = async (headers: Record<string, string>) => {
    const body = JSON.stringify({ jsonrpc: "2.0", method: "who", id: 1 });
    const answer = await served.fetch("/", {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
    const { result, error } = (await answer.json()) as { result: unknown; error: { data: { code: string } } };
    return result ?? error.data.code;
  };
  expect(await ask({})).toBe("UNAUTHENTICATED");
  expect(await ask({ authorization: "Bearer no" })).toBe("UNAUTHENTICATED");
  expect(await ask({ "hadron-service": "web", "hadron-replica": "web.0" }), "claims to be inside").toBe(
    "UNAUTHENTICATED",
  );
  const known = await ask({ authorization: "Bearer let-me-in", baggage: "tenant=a" });
  expect(known).toEqual({ user: { id: "bearer", by: "bearer" }, meta: { tenant: "a" } });
  expect(await ask({ "x-api-key": "one" })).toMatchObject({ user: { id: "ann" } });
  const inside = service("inside", () => math.who(undefined));
  await using _app = await start(math, inside);
  expect(await inside()).toEqual({ user: undefined, meta: {} });
});

test("what cannot guard is an error where it is declared", () => {
  expect(() => service("web", http(whoami), { guard: auth.bearer(token) })).toThrow(/before: \[auth/);
  expect(() => service("web", () => 1, { guard: {} as never })).toThrow(/authenticate/);
  const many = service("web", spread(2, http(whoami)), { guard: auth.bearer(token) });
  expect(() => compose("app", [many])).toThrow(/service "web": guard .* before: \[auth/);
  expect(() => auth.bearer({ jwks: "http://x/", issuer: "us", audience: "" })).toThrow(HadronError);
  expect(() => auth.any()).toThrow(HadronError);
});
