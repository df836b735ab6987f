import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { expect, test, vi } from "vitest";
import { elected, every } from "../../src/index.ts";

const WAIT = { timeout: 10_000 };

test("one replica leads; when it is killed another does, under a larger token", async () => {
  const seen: { readonly name: string; readonly token: number; readonly signal: AbortSignal }[] = [];
  const leader = service(
    "leader",
    elected(
      ({ token, signal, replica }) => {
        seen.push({ name: replica.name, token, signal });
        return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      },
      { leaseMs: 900 },
    ),
    { replicas: 3 },
  );
  await using app = await start(leader);
  await vi.waitFor(() => expect(seen).toHaveLength(1), WAIT);
  const [first] = seen;
  app.replica(first?.name ?? "").kill();
  expect(first?.signal.aborted).toBe(true);
  await vi.waitFor(() => expect(seen).toHaveLength(2), WAIT);
  expect(seen[1]?.name).not.toBe(first?.name);
  expect(seen[1]?.token).toBeGreaterThan(first?.token ?? 0);
});

test("a schedule runs by itself, and when it is called; a failure does not end it", async () => {
  const due: string[] = [];
  const tick = service(
    "tick",
    every("* * * * * *", ({ due: at, missed }) => {
      due.push(`${at.getTime() % 1000 === 0 ? "due" : "called"} ${missed}`);
      throw new Error("no");
    }),
    { replicas: 2 },
  );
  await using _ = await start(tick);
  await vi.waitFor(() => expect(due.filter((text) => text.startsWith("due")).length).toBeGreaterThan(1), WAIT);
  await expect(tick()).rejects.toThrow("no");
});
