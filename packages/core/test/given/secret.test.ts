import { inspect } from "node:util";
import { HadronError, procedure, service } from "@hadron/core";
import { capture, secret } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { afterEach, beforeEach, expect, test } from "vitest";

const KEY = 'sk_live_"quoted"';
const stripe = secret("TEST_STRIPE_KEY");

beforeEach(() => {
  process.env.TEST_STRIPE_KEY = KEY;
});
afterEach(() => {
  delete process.env.TEST_STRIPE_KEY;
});

test("a secret is its value where it is called, and its name wherever it is printed", async () => {
  const shop = service(
    "shop",
    () => [stripe(), `${stripe}`, String(stripe), JSON.stringify({ stripe }), inspect(stripe)],
    {
      uses: [stripe],
    },
  );
  await using _app = await start(shop);
  const shown = "[secret TEST_STRIPE_KEY]";
  expect(await shop()).toEqual([KEY, shown, shown, JSON.stringify({ stripe: shown }), shown]);
});

test("a secret that is used is among the service's secrets, once", async () => {
  const shop = service("shop", () => 1, { uses: [stripe], secrets: ["TEST_STRIPE_KEY"] });
  await using app = await start(shop);
  expect(app.topology.services[0]).toMatchObject({ secrets: ["TEST_STRIPE_KEY"] });
  expect(app.topology.services[0]?.uses).toBeUndefined();
});

test("a secret that is given to run is every service's", async () => {
  const shop = service("shop", () => stripe());
  await using app = await start(shop, stripe);
  expect(app.topology.services[0]?.secrets).toEqual(["TEST_STRIPE_KEY"]);
  expect(await shop()).toBe(KEY);
});

test("a service that does not use a secret is denied it, and told the line to add", async () => {
  const shop = service("shop", () => stripe(), { uses: [stripe] });
  const spy = service("spy", () => stripe());
  await using _app = await start(shop, spy);
  await expect(spy()).rejects.toMatchObject({
    code: "PERMISSION_DENIED",
    message: expect.stringContaining(
      '"spy" does not say that it uses secret("TEST_STRIPE_KEY"): add its value to `uses`',
    ),
  });
});

test("a secret that is not in the app, has no value, or is asked for while the file is read is FAILED_PRECONDITION", async () => {
  expect(() => stripe()).toThrow(expect.objectContaining({ code: "FAILED_PRECONDITION" }));
  const other = service("other", () => stripe());
  const lost = secret("TEST_NOT_SET");
  const loser = service("loser", () => lost(), { uses: [lost] });
  await using _app = await start(other, loser);
  await expect(other()).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining("not in the app"),
  });
  await expect(loser()).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining("set TEST_NOT_SET"),
  });
});

test("neither a log line nor an error shows the value of a secret", async () => {
  const lines: string[] = [];
  const shop = service(
    "shop",
    {
      pay: procedure({}, (_: undefined, { log }) => {
        log.info(`paying with ${stripe()}`, { headers: { authorization: `Bearer ${stripe()}` } });
        throw new HadronError("UNAVAILABLE", `POST with ${stripe()} failed`);
      }),
    },
    { uses: [stripe] },
  );
  await using _app = await start(shop, { log: (line) => lines.push(line) });
  await expect(shop.pay()).rejects.toMatchObject({
    message: expect.stringContaining("POST with [secret TEST_STRIPE_KEY] failed"),
  });
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
    message: "paying with [secret TEST_STRIPE_KEY]",
    headers: { authorization: "Bearer [secret TEST_STRIPE_KEY]" },
  });
});

test("a name that no environment variable can have is refused", () => {
  expect(() => secret("not-a-name")).toThrow(expect.objectContaining({ code: "INVALID_DECLARATION" }));
  expect(() => secret("HADRON_OWN")).toThrow(expect.objectContaining({ code: "INVALID_DECLARATION" }));
});

test("a captured value is computed when the app starts, unless the test says what it is", async () => {
  const build = capture("build", async () => ({ commit: "a1", tags: ["x"] }));
  const shop = service("shop", () => [build().commit, Object.isFrozen(build().tags)], { uses: [build] });
  {
    await using app = await start(shop);
    expect(await shop()).toEqual(["a1", true]);
    expect(app.topology.captures).toEqual([{ name: "build", on: "revision" }]);
    expect(app.topology.services[0]?.uses).toEqual(["capture:build"]);
  }
  await using _app = await start(shop, { captures: { build: { commit: "b2", tags: [] } } });
  expect(await shop()).toEqual(["b2", true]);
  await expect(start(shop, { captures: { biuld: 1 } })).rejects.toMatchObject({ code: "WRONG_USE" });
});

test("a captured value belongs to those who use it, or to all where run is given it", async () => {
  const build = capture("build", () => 7);
  const shop = service("shop", () => build(), { uses: [build] });
  const spy = service("spy", () => build());
  {
    await using _app = await start(shop, spy);
    await expect(spy()).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  }
  await using app = await start(spy, build);
  expect(await spy()).toBe(7);
  expect(app.topology.captures).toEqual([{ name: "build", on: "revision", shared: true }]);
});

test("two captured values of one name in one app are refused, and so are options that there are not", async () => {
  const uses = [capture("build", () => 1), capture("build", () => 2)];
  await expect(start(service("shop", () => 1, { uses }))).rejects.toMatchObject({ code: "INVALID_DECLARATION" });
  expect(() => capture("Build!", () => 1)).toThrow(expect.objectContaining({ code: "INVALID_DECLARATION" }));
  expect(() => capture("build", () => 1, { on: "never" as "up" })).toThrow(/on is "never"/);
});
