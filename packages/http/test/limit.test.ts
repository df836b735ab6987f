import { HadronError, service } from "@hadron/core";
import { secret } from "@hadron/core/spi";
import { afterEach, expect, test, vi } from "vitest";
import { addressOf, auth, type Counts, type HttpOptions, http, limit, type TrustOptions } from "../src/index.ts";
import { serve, serveService } from "./serve.ts";

afterEach(() => void vi.restoreAllMocks());

/** Counts as a key-value does, and how often it was asked. */
function createCounts() {
  const values = new Map<string, number>();
  const asked: string[] = [];
  const counts: Counts = {
    async update(key, change) {
      asked.push(key);
      const value = change(values.get(key));
      values.set(key, value);
      return value;
    },
  };
  return { counts, asked };
}

const routes = { "GET /": ({ request }: { request: Request }) => addressOf(request) };
const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
const trust: TrustOptions = { proxies: ["127.0.0.0/8"] };

test("who asks more often than the rate, of whichever replica, is told when to come again", async () => {
  let now = 1_800_000_000_000;
  vi.spyOn(Date, "now").mockImplementation(() => now);
  const { counts, asked } = createCounts();
  const options = (): HttpOptions => ({ before: [limit({ rate: "3/1m", counts })], trust });
  await using one = await serve(routes, options());
  await using two = await serve(routes, options());
  const statuses = async (address: string) => {
    const all: number[] = [];
    for (const web of [one, two, one, two, one, two]) all.push((await web.fetch("/", from(address))).status);
    return all;
  };
  expect(await statuses("192.0.2.1")).toEqual([200, 200, 200, 429, 429, 429]);
  expect(asked.length, "one that is over is not asked for again").toBe(5);
  expect(await statuses("192.0.2.2")).toEqual([200, 200, 200, 429, 429, 429]);
  now += 15_000;
  expect((await one.fetch("/", from("192.0.2.1"))).headers.get("retry-after")).toBe("45");
  now += 45_000;
  expect((await one.fetch("/", from("192.0.2.1"))).status).toBe(200);
});

test("addresses of IPv6 count by their network; users and what is made of a request by themselves", async () => {
  await using web = await serve(routes, { before: [limit({ rate: "1/1d" })], trust });
  expect((await web.fetch("/", from("2001:db8::1"))).status).toBe(200);
  expect((await web.fetch("/", from("2001:db8:0:0:ffff::2"))).status).toBe(429);
  expect((await web.fetch("/", from("2001:db8:0:1::1"))).status).toBe(200);
  process.env.FRONT_USERS = "ann:one bob:two";
  const before = [auth.apiKey({ keys: secret("FRONT_USERS") }), limit({ rate: "1/1d", by: "user" })];
  await using users = await serveService(service("web", http(routes, { before })));
  const ask = async (key: string) => (await users.fetch("/", { headers: { "x-api-key": key } })).status;
  expect([await ask("one"), await ask("one"), await ask("two")]).toEqual([200, 429, 200]);
  const by = (request: Request) => request.headers.get("x-tenant") ?? undefined;
  await using tenants = await serve(routes, { before: [limit({ rate: "1/1d", by })] });
  const of = async (tenant?: string) =>
    (await tenants.fetch("/", tenant === undefined ? {} : { headers: { "x-tenant": tenant } })).status;
  expect([await of("a"), await of("a"), await of("b"), await of(), await of()]).toEqual([200, 429, 200, 200, 200]);
});

test("nobody passes uncounted, and a rate that is none is an error where it is declared", async () => {
  const counts: Counts = { update: () => Promise.reject(new HadronError("UNAVAILABLE", "The store is away.")) };
  await using web = await serve(routes, { before: [limit({ rate: "3/1m", counts })] });
  expect((await web.fetch("/")).status).toBe(503);
  for (const rate of ["", "10", "0/1m", "10/0s", "10/1w", "1/500ms"])
    expect(() => limit({ rate })).toThrow(HadronError);
  for (const rate of ["1/1s", "1/s"]) expect(() => limit({ rate })).not.toThrow();
  expect(() => http(routes, { trust: { proxies: ["10.0.0.0/33"] } })).toThrow(HadronError);
});

test("proxies are believed where they are named, in the header that is named, and not beyond", async () => {
  const ask = async (options: HttpOptions, headers: Record<string, string>) => {
    await using web = await serve(routes, options);
    return (await web.fetch("/", { headers })).json();
  };
  const chain = { "x-forwarded-for": "203.0.113.9, 198.51.100.7, 10.1.2.3" };
  expect(await ask({}, chain)).toBe("127.0.0.1");
  expect(await ask({ trust }, chain), "10.1.2.3 is no proxy of ours").toBe("10.1.2.3");
  const both: HttpOptions = { trust: { proxies: ["127.0.0.1", "10.0.0.0/8"] } };
  expect(await ask(both, chain), "what a client made up stands before").toBe("198.51.100.7");
  expect(await ask(both, { "x-forwarded-for": "unknown, 10.1.2.3" })).toBe("10.1.2.3");
  expect(await ask(both, { forwarded: "for=198.51.100.7" })).toBe("127.0.0.1");
  const forwarded: HttpOptions = { trust: { proxies: ["127.0.0.1"], header: "forwarded" } };
  expect(await ask(forwarded, { forwarded: 'for=192.0.2.1, For="[2001:db8::5]:443";proto=https', ...chain })).toBe(
    "2001:db8::5",
  );
});
