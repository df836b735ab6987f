import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { consume } from "../../../patterns/src/index.ts";
import { lock, queue } from "../../src/index.ts";

test("a message is tried again after pauses of seconds and minutes, the same for the same seed", async () => {
  const triesOf = async (seed: number) => {
    const jobs = queue<string>("jobs", { retries: 10 });
    const tries: number[] = [];
    const worker = service(
      "worker",
      consume(jobs, () => {
        tries.push(app.clock.now());
        throw new Error("no");
      }),
    );
    const sender = service("sender", () => jobs.send("job"), { uses: [jobs] });
    await using app = await start(worker, sender, { time: "virtual", seed });
    await app.client(sender)();
    await app.advance("20m");
    return tries.map((at) => at - (tries[0] ?? 0));
  };
  const tries = await triesOf(1);
  expect(tries).toHaveLength(11);
  expect(tries.at(-1)).toBeGreaterThan(60_000);
  expect(await triesOf(1)).toEqual(tries);
  expect(await triesOf(2)).not.toEqual(tries);
});

test("the lock of a holder that died is free when its lease is over, and not before", async () => {
  const door = lock("door", { leaseMs: 60_000 });
  const tokens: number[] = [];
  const holder = service("holder", () => door.hold(({ token }) => new Promise<never>(() => tokens.push(token))), {
    uses: [door],
  });
  const waiter = service("waiter", () => door.hold(({ token }) => token, { waitMs: 300_000 }), { uses: [door] });
  await using app = await start(holder, waiter, { time: "virtual" });
  const held = holder
    .with({ timeoutMs: 3_600_000 })()
    .catch(() => "dead");
  await app.advance("10m");
  const waiting = waiter.with({ timeoutMs: 3_600_000 })();
  app.replica(holder).kill();
  const killedAt = app.clock.now();
  expect(await held).toBe("dead");
  expect(await waiting).toBeGreaterThan(tokens[0] ?? Number.POSITIVE_INFINITY);
  const passed = app.clock.now() - killedAt;
  // It was renewed by a third of the lease before.
  expect(passed).toBeGreaterThanOrEqual(40_000);
  expect(passed).toBeLessThanOrEqual(61_000);
});
