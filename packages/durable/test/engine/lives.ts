import type { Clock } from "@hadron/core";
import { obeyInnerTime } from "@hadron/core/spi";
import { VirtualClock } from "../../../core/src/clock/virtual-clock.ts";
import { VirtualTime } from "../../../core/src/clock/virtual-time.ts";
import { Execution } from "../../src/engine/execution.ts";
import type { Stop } from "../../src/engine/life.ts";
import type { LogEvent } from "../../src/log/events.ts";
import { fromLogged, toLogged } from "../../src/log/values.ts";

obeyInnerTime();

export type Program = (input: any) => unknown;

/** A log of one event. */
export function begin(input?: unknown): LogEvent[] {
  const at = Date.UTC(2026, 0, 1);
  return [
    {
      type: "started",
      at,
      input: toLogged(input, "the input"),
      secret: "0123456789abcdef".repeat(2),
      engine: 1,
      parent: undefined,
    },
  ];
}

/** One life of a run, in memory, in virtual time that begins with the last event of its log. */
export class Life {
  readonly log: LogEvent[];
  readonly time = new VirtualTime();
  readonly execution: Execution;
  readonly stopped: Promise<Stop>;
  readonly #clock = new VirtualClock(this.time, "life");
  /** How often it appended. */
  appends = 0;
  /** What the journal says to the next append. */
  refusal: Error | undefined;

  constructor(program: Program, log: readonly LogEvent[], { holds = true }: { readonly holds?: boolean } = {}) {
    this.log = [...log];
    const offset = Math.max(...log.map(({ at }) => at)) - this.#clock.wallNow();
    const machine = this.#clock;
    const clock: Clock = {
      now: () => machine.now(),
      wallNow: () => machine.wallNow() + offset,
      after: (ms, run) => machine.after(ms, run),
      every: (ms, run) => machine.every(ms, run),
      cancel: (timer) => machine.cancel(timer),
      outside: (work) => machine.outside(work),
      random: () => machine.random(),
      uuid: () => machine.uuid(),
    };
    this.execution = new Execution({
      run: "test/1",
      doorUrl: "",
      program,
      history: log,
      journal: {
        append: async (events) => {
          this.appends++;
          await new Promise<void>((resolve) => this.time.nextTurn(resolve));
          if (this.refusal !== undefined) throw this.refusal;
          this.log.push(...events);
        },
      },
      clock,
      nextTurn: (run) => this.time.nextTurn(run),
      outside: (work) => work(),
    });
    const release = holds ? this.time.hold() : () => {};
    this.stopped = this.execution.stopped.finally(release);
    this.execution.start();
  }

  now(): number {
    return this.execution.now;
  }

  /** Waits in this life's time. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.time.after(ms, resolve));
  }
}

/** What a run gave: its value, or its error's message. */
export function resultOf(stop: Stop): unknown {
  if (stop.state !== "ended") return stop;
  return "ok" in stop.outcome
    ? fromLogged(stop.outcome.ok)
    : `${stop.outcome.error.name}: ${stop.outcome.error.message}`;
}

/** Lets everything run that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}
