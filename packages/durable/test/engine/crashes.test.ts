import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { LogEvent } from "../../src/log/events.ts";
import { toLogged } from "../../src/log/values.ts";
import { begin, Life, resultOf } from "./lives.ts";
import { interpret, type Node, programs } from "./programs.ts";

const PROGRAMS = Number(process.env.HADRON_PROGRAMS ?? 150);

interface Lived {
  readonly log: readonly LogEvent[];
  readonly value: unknown;
  readonly trace: readonly string[];
}

/** Runs a program from a log to its end. A hook gets a message at once when somebody waits for it. */
async function live(node: Node, from: readonly LogEvent[]): Promise<Lived> {
  const trace: string[] = [];
  const life: Life = new Life(() => interpret(node, { wait: (_key, ms) => life.wait(ms) }, trace), from);
  let isOver = false;
  const sends = (async () => {
    let sent = life.log.filter(({ type }) => type === "received").length;
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      const awaited = life.execution.awaited.find(({ spec }) => spec.kind === "next");
      if (awaited !== undefined && life.execution.restsUntil !== undefined) {
        life.execution.receive(awaited.spec.name, toLogged(`message ${sent++}`, "a message"));
      }
    }
  })();
  const stop = await life.stopped;
  isOver = true;
  await sends;
  return { log: life.log, value: resultOf(stop), trace };
}

/** The log as far as it does not tell the time. */
function shape(log: readonly LogEvent[]): readonly unknown[] {
  return log.map((event) => ({ ...event, at: 0, until: 0, retryAt: 0 }));
}

test("a replay of a whole log goes the same way, and asks for nothing more", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(programs, async (node) => {
      const first = await live(node, begin());
      const again = await live(node, first.log.slice(0, -1));
      expect(again.value).toEqual(first.value);
      expect(again.trace).toEqual(first.trace);
      expect(shape(again.log)).toEqual(shape(first.log));
    }),
    { numRuns: PROGRAMS },
  );
});

test("a run that crashed after any event goes on to an end that its whole log replays", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(programs, fc.array(fc.nat(), { minLength: 2, maxLength: 2 }), async (node, cuts) => {
      const whole = await live(node, begin());
      let log: readonly LogEvent[] = whole.log;
      // The second crash is one of the recovery from the first.
      for (const cut of cuts) {
        const kept = log.slice(0, 1 + (cut % (log.length - 1)));
        const recovered = await live(node, kept);
        expect(recovered.log.slice(0, kept.length)).toEqual(kept);
        const replayed = await live(node, recovered.log.slice(0, -1));
        expect(replayed.value).toEqual(recovered.value);
        expect(replayed.trace).toEqual(recovered.trace);
        expect(shape(replayed.log)).toEqual(shape(recovered.log));
        log = recovered.log;
      }
    }),
    { numRuns: PROGRAMS },
  );
});

/** Programs in which nothing depends on what comes first have one outcome, wherever they crash. */
const orderly = programs.filter((node) => !/"race"|"any"|"hook"|"draw"|"all"|"fails":true/.test(JSON.stringify(node)));

test("without races, a crash after each event changes nothing of the outcome", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(orderly, async (node) => {
      const whole = await live(node, begin());
      for (let cut = 1; cut < whole.log.length; cut++) {
        const recovered = await live(node, whole.log.slice(0, cut));
        expect(recovered.value).toEqual(whole.value);
        expect(recovered.trace).toEqual(whole.trace);
      }
    }),
    { numRuns: Math.ceil(PROGRAMS / 2) },
  );
});
