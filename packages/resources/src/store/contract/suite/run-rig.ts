import { expect } from "vitest";
import type { AppendRun, ClaimRuns, RunEvent, StartRun } from "../run-operations.ts";
import type { TimeSource } from "../store-clock.ts";
import type { StoreUnderTest } from "./start.ts";
import { TestClient } from "./test-client.ts";
import { TestTime } from "./test-time.ts";

export const LEASE_MS = 4000;
export const body = (text: string) => new TextEncoder().encode(text);
export const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

export function event(type: string, command?: number): RunEvent {
  return { type, command, at: 1, body: body(type) };
}
export function begin(id: string): StartRun {
  return { kind: "start-run", program: "p", id, event: event("started") };
}
export function claim(holder: string, options: Partial<ClaimRuns> = {}): ClaimRuns {
  const { most = 10, after = 0, known, program = "p" } = options;
  return { kind: "claim-runs", program, holder, most, leaseMs: LEASE_MS, after, known };
}
export function append(run: number, epoch: number, length: number, options: Partial<AppendRun> = {}): AppendRun {
  const { events = [], taken = [], next = { state: "owned" } } = options;
  return { kind: "append-run", program: "p", run, epoch, length, events, taken, next };
}
export const send = (id: string, key?: string) =>
  ({ kind: "send-run", program: "p", id, key, body: body(key ?? "m") }) as const;

/** Opens a driver, and what its tests of runs need. */
export async function startRuns(open: (time: TimeSource) => Promise<StoreUnderTest>) {
  const time = new TestTime();
  const store = await open(time);
  const client = new TestClient(store.driver);
  const facts = (id: string) => store.driver.read({ kind: "run", program: "p", id });
  /** The one run that a holder gets. */
  const claimOne = async (holder: string) => {
    const { runs } = await client.do(claim(holder));
    expect(runs).toHaveLength(1);
    return runs[0]!;
  };
  return { time, store, driver: store.driver, client, facts, claimOne };
}
