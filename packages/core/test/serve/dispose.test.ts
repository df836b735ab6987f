import { onStart, service } from "@hadron/core";
import { compose, TableDirectory } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { createHost } from "../../src/call/host/host.ts";
import { ReplicaServer } from "../../src/serve/replica-server.ts";
import { ManualClock } from "../clock/manual-clock.ts";

const never = () => new Promise<never>(() => {});

/** A replica of a service with such a life, with what it writes into its log as errors. */
function serve(life: { readonly [onStart]?: () => unknown; readonly [Symbol.asyncDispose]?: () => unknown }) {
  const app = compose("test", [service("keeper", { ping: () => "pong", [onStart]: () => {}, ...life })]);
  const self = { app: "test", service: "keeper", replica: "keeper.0", topology: "hash" };
  const clock = new ManualClock();
  const host = createHost({ self, directory: new TableDirectory(), transports: {}, app, ordinal: 0, clock });
  const errors: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (line: string) => errors.push(line) };
  const server = new ReplicaServer({
    app,
    host,
    self,
    service: "keeper",
    ordinal: 0,
    log,
    revision: "r",
    count: () => 1,
  });
  return { server, clock, errors };
}

/** Moves time until that has ended, and says when that was. */
async function passedUntil(clock: ManualClock, work: Promise<unknown>): Promise<number> {
  const from = clock.now();
  let over = false;
  void work.finally(() => (over = true));
  for (;;) {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (over) return clock.now() - from;
    clock.pass(100);
  }
}

test("a dispose that throws is told in the log, with its reason, and the replica ends", async () => {
  const { server, clock, errors } = serve({
    [Symbol.asyncDispose]: () => {
      throw new Error("the disk is full");
    },
  });
  await server.start();
  expect(await passedUntil(clock, server.drain(5000))).toBe(0);
  expect(errors).toEqual([expect.stringContaining("could not be disposed of: Error: the disk is full")]);
});

test("a dispose that takes longer than drainMs is told in the log, and the replica ends", async () => {
  const { server, clock, errors } = serve({ [Symbol.asyncDispose]: never });
  await server.start();
  expect(await passedUntil(clock, server.drain(5000))).toBe(5000);
  expect(errors).toEqual([
    "could not be disposed of: its [Symbol.asyncDispose] has not ended in 5000 ms (limits.drainMs)",
  ]);
});

test("a start that does not mind being told to stop is told in the log, and the replica ends", async () => {
  const { server, clock, errors } = serve({ [onStart]: never });
  void server.start();
  expect(await passedUntil(clock, server.drain(5000))).toBe(5000);
  expect(errors).toEqual(["could not be disposed of: its [onStart] has not ended in 5000 ms (limits.drainMs)"]);
});

test("a dispose has a second where the calls took all of drainMs", async () => {
  const { server, clock, errors } = serve({ [Symbol.asyncDispose]: never });
  await server.start();
  expect(await passedUntil(clock, server.drain(0))).toBe(1000);
  expect(errors).toEqual([expect.stringContaining("has not ended in 1000 ms")]);
});
