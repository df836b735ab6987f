import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { database, lock } from "@hadron/resources";
import { afterAll, beforeAll, expect, test } from "vitest";

const orders = database("orders", { migrations: { "0001_line": "create table line (sku text)" } });
const importing = lock("import");
const shop = service("shop", () => "open", { uses: [orders, importing] });

let app: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  app = await start(shop, { log: () => {} });
}, 30_000);
afterAll(() => app.close());

const nextToken = () => importing.hold(({ token }) => token);
const write = (token: number, sku: string, of?: string) =>
  orders.transaction(async (tx) => {
    await tx.fence(token, of === undefined ? {} : { of });
    await tx.insert("line", { sku });
  });
const skus = async () => (await orders.sql<{ sku: string }>`select sku from line order by sku`).map(({ sku }) => sku);

/** Statements that wait for a row of the fence; only who entered sees them, not the owner. */
const waiting = () =>
  orders.transaction(async (tx) => {
    await tx.sql`set local role none`;
    return (
      await tx.sql`select from pg_stat_activity where query like 'insert into hadron.fence%' and wait_event_type = 'Lock'`
    ).count;
  });

test("a transaction under a token is refused once a later holder was at work, also where that is caught", async () => {
  const [stale, token] = [await nextToken(), await nextToken()];
  await write(stale, "a");
  await write(stale, "b");
  await write(token, "c");
  await expect(write(stale, "late")).rejects.toMatchObject({
    code: "ABORTED",
    message: expect.stringContaining("stale"),
  });
  const caught = orders.transaction(async (tx) => {
    await tx.insert("line", { sku: "late" });
    await tx.fence(stale).catch(() => {});
    await tx.insert("line", { sku: "later" });
  });
  await expect(caught).rejects.toMatchObject({ code: "ABORTED" });
  await write(stale, "d", "another lock");
  await expect(write(0, "none")).rejects.toMatchObject({ code: "INVALID_INPUT" });
  expect(await skus()).toEqual(["a", "b", "c", "d"]);
});

test("a later holder waits for the transaction of the one before, and sees what it wrote", async () => {
  const [before, after] = [await nextToken(), await nextToken()];
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
  const { promise: fenced, resolve: begun } = Promise.withResolvers<void>();
  const first = orders.transaction(async (tx) => {
    await tx.fence(before);
    await tx.insert("line", { sku: "from before" });
    begun();
    await mayEnd;
  });
  await fenced;
  const second = orders.transaction(async (tx) => {
    await tx.fence(after);
    return (await tx.sql`select from line where sku = 'from before'`).count;
  });
  await expect.poll(waiting, { timeout: 5000 }).toBe(1);
  end();
  await first;
  expect(await second).toBe(1);
});
