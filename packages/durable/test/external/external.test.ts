import { type StartedApp, start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { checkName } from "../../src/external/work.ts";
import { reader } from "./readers.ts";

interface Work {
  readonly claim: string;
  readonly input: { readonly page: string };
  readonly key: string;
  readonly attempt: number;
}

test.each(["a", "read-page", "0", "a".repeat(63)])("%j is a name of work outside", (name) => {
  expect(checkName(name)).toBe(name);
});

test.each(["", "-a", "a-", "Page", "a_b", "a b", "ä", "a".repeat(64), undefined, 7])(
  "%j is no name of work outside",
  (name) => {
    expect(() => checkName(name)).toThrow(expect.objectContaining({ code: "WRONG_USE" }));
  },
);

/** A worker outside, which speaks HTTP. */
function createWorker(app: StartedApp) {
  const post = async (path: string, body?: unknown) => {
    const request = { method: "POST", url: `/external/${path}`, headers: [], body: JSON.stringify(body) };
    const answer = (await app.call("reader", "web", request)) as { status: number; body?: string };
    return { status: answer.status, said: answer.body === undefined ? undefined : JSON.parse(answer.body) };
  };
  return {
    post,
    take: async (waitMs = 0) => (await post("ocr/claim", { waitMs })).said as Work | undefined,
    end: async ({ claim }: Work, how: string, body?: unknown) => (await post(`claims/${claim}/${how}`, body)).status,
  };
}

test("any process does the work: it waits for it, completes it, and the run goes on, also when all replicas died", async () => {
  await using app = await start(reader, { time: "virtual", seed: 1 });
  const { post, take, end } = createWorker(app);
  const waiting = take(30_000);
  const one = await reader.start(["a", "b"], { id: "1" });
  const first = await waiting;
  expect(first).toEqual({
    claim: expect.any(String),
    input: { page: "a", at: "1970-01-01T00:00:00.000Z" },
    key: "reader/1:ocr#1",
    attempt: 1,
    leaseMs: 5000,
  });
  if (first === undefined) return;
  await app.advance("3s");
  for (const replica of app.replicas(reader)) replica.restart();
  await app.advance("1s");
  expect(await end(first, "extend")).toBe(200);
  await app.advance("4s");
  expect(await end(first, "complete", { text: "A" })).toBe(200);
  const second = await take();
  expect(second).toMatchObject({ input: { page: "b" }, key: "reader/1:ocr#2", attempt: 1 });
  if (second !== undefined) await end(second, "complete", { text: "B" });
  await app.advance("5s");
  expect(await one.result()).toBe("A B");
  expect((await post("ocr/claim", { waitMs: 10 })).status).toBe(204);
});

test("a lease that runs out gives the work to another; a late completion is refused with 409, and changes nothing", async () => {
  await using app = await start(reader, { time: "virtual", seed: 2 });
  const { take, end } = createWorker(app);
  const one = await reader.start(["a"], { id: "2" });
  const late = await take(1000);
  await app.advance("4s");
  expect(await take()).toBeUndefined();
  await app.advance("2s");
  const other = await take();
  expect([late?.attempt, other?.attempt, other?.key]).toEqual([1, 2, late?.key]);
  if (late === undefined || other === undefined) return;
  for (const how of ["complete", "fail", "extend"]) expect(await end(late, how, { text: "late" }), how).toBe(409);
  expect(await end(other, "complete", { text: "A" })).toBe(200);
  expect(await end(other, "complete", { text: "again" })).toBe(409);
  await app.advance("5s");
  expect(await one.result()).toBe("A");
});

test("what fails is given out again as declared, then its last reason is thrown; so it is where all who took it died", async () => {
  await using app = await start(reader, { time: "virtual", seed: 3 });
  const { take, end } = createWorker(app);
  const one = await reader.start(["a", "b", "c"], { id: "3" });
  for (const [attempt, expected] of [
    [1, "a"],
    [1, "b"],
    [1, "c"],
  ] as const) {
    const work = await take(1000);
    expect([work?.attempt, work?.input.page]).toEqual([attempt, expected]);
    if (work !== undefined && expected !== "c")
      await end(work, "fail", { message: `no ${expected}`, retry: expected === "a" });
  }
  for (const attempt of [2, 3]) {
    await app.advance("10s");
    const works = [await take(), await take()];
    expect(works.map((work) => work?.attempt)).toEqual([attempt, attempt]);
    for (const work of works) if (work?.input.page === "a") await end(work, "fail", { message: `no a in ${attempt}` });
  }
  await app.advance("10s");
  expect(await take()).toBeUndefined();
  await app.advance("5s");
  expect(await one.result()).toBe(
    "HANDLER_FAILED: no a in 3 HANDLER_FAILED: no b ABORTED: reader/3:ocr#3 was given out 3 times, and nobody completed it: " +
      "its workers died, or their leases ran out.",
  );
});

test("work of a run that is over is given to nobody, and who has it is told with 410", async () => {
  await using app = await start(reader, { time: "virtual", seed: 4 });
  const { take, end } = createWorker(app);
  const one = await reader.start(["a", "b"], { id: "4" });
  const work = await take(1000);
  await one.kill();
  await app.advance("1s");
  expect(await take(1000)).toBeUndefined();
  if (work !== undefined) expect(await end(work, "complete", { text: "A" })).toBe(410);
});

test("what is no name and no claim is 404, and a body that is none 400", async () => {
  await using app = await start(reader, { time: "virtual", seed: 5 });
  const { post } = createWorker(app);
  const status = async (path: string, body?: unknown) => (await post(path, body)).status;
  expect(await status("O..R/claim")).toBe(404);
  expect(await status("claims/x/complete")).toBe(404);
  expect(await status("claims/ocr.1.1/explode")).toBe(404);
  expect(await status("claims/ocr.1.1/complete")).toBe(409);
  expect(await status("ocr/claim", [])).toBe(400);
  expect(await status("ocr/claim", { waitMs: "long" })).toBe(400);
});
