import { type StartedApp, start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { mailbox, post } from "./mailboxes.ts";

const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };

/** A request to the door, as a server passes it on. */
async function send(
  app: StartedApp,
  url: string,
  { method = "POST", body = "", headers = {} as Record<string, string> } = {},
): Promise<{ readonly status: number; readonly headers: readonly string[]; readonly body: string }> {
  const { pathname } = new URL(url);
  return (await app.call("mailbox", "web", {
    method,
    url: pathname,
    headers: Object.entries(headers).flat(),
    body,
  })) as never;
}

async function startOne(app: StartedApp, id: string): Promise<string> {
  await mailbox.start(undefined, { id });
  await app.advance("10s");
  return (await app.client(post).told()).at(-1) ?? "";
}

test("a webhook is a message for a hook: JSON is parsed, anything else comes as bytes with its headers", async () => {
  await using app = await start(mailbox, post, { time: "virtual", seed: 1 });
  const url = await startOne(app, "a/ü");
  expect(url).toMatch(/^https:\/\/shop\.example\/hooks\/[\w.-]+$/);
  const answer = await send(app, url, { body: '{"by":"ann"}', headers: JSON_TYPE });
  expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { duplicate: false }]);
  expect((await send(app, url, { body: "by=bob", headers: { "Content-Type": "text/plain" } })).status).toBe(200);
  expect(await mailbox.run("a/ü").result()).toEqual([
    { by: "ann" },
    { headers: { "content-type": "text/plain" }, body: new Uint8Array(Buffer.from("by=bob")) },
  ]);
});

test("a webhook that was answered survives the death of all replicas; a second one of its Idempotency-Key is none", async () => {
  await using app = await start(mailbox, post, { time: "virtual", seed: 2 });
  const url = await startOne(app, "b");
  const once = { body: "1", headers: { ...JSON_TYPE, "Idempotency-Key": "k" } };
  expect(JSON.parse((await send(app, url, once)).body)).toEqual({ duplicate: false });
  for (const replica of app.replicas(mailbox)) replica.restart();
  await app.advance("1s");
  expect(JSON.parse((await send(app, url, once)).body)).toEqual({ duplicate: true });
  await send(app, url, { body: "2", headers: JSON_TYPE });
  await app.advance("10s");
  expect(await mailbox.run("b").result()).toEqual([1, 2]);
  // Whoever never heard that it was taken hears it now.
  expect((await send(app, url, once)).status).toBe(200);
});

test("an unknown token is 404, that of a finished run 410; a forged one, and another run's, are unknown", async () => {
  await using app = await start(mailbox, post, { time: "virtual", seed: 3 });
  const url = await startOne(app, "c");
  const other = await startOne(app, "d");
  const [, proof] = new URL(other).pathname.split(".");
  const forged = `${url.slice(0, url.lastIndexOf("."))}.${proof}`;
  for (const wrong of [
    forged,
    `${url}x`,
    `${url}.x`,
    `${url}/x`,
    "https://shop.example/hooks/x",
    `${url.slice(0, -1)}`,
  ]) {
    expect((await send(app, wrong)).status, wrong).toBe(404);
  }
  await mailbox.run("c").kill();
  await app.advance("10s");
  expect((await send(app, url)).status).toBe(410);
  expect((await send(app, other)).status).toBe(200);
});

test("a body of 1 MiB is taken, a larger one is 413, one that lies about being JSON 400, another method 405", async () => {
  await using app = await start(mailbox, post, { time: "virtual", seed: 4 });
  const url = await startOne(app, "e");
  const body = "x".repeat(1024 * 1024);
  expect((await send(app, url, { body })).status).toBe(200);
  expect((await send(app, url, { body: `${body}x` })).status).toBe(413);
  expect((await send(app, url, { body: "{", headers: JSON_TYPE })).status).toBe(400);
  const got = await send(app, url, { method: "GET" });
  expect([got.status, got.headers]).toEqual([405, expect.arrayContaining(["allow", "POST"])]);
});
