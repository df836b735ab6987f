import { readFile } from "node:fs/promises";
import { HadronError } from "@hadron/core";
import { expect, test } from "vitest";
import { hook, now, random, shield, sleep, step, uuid } from "../../src/index.ts";
import { toLogged } from "../../src/log/values.ts";
import { begin, Life, type Program, resultOf, settle } from "./lives.ts";

/** Lives a program to its end. `holds`: time moves while it does. */
async function live(program: Program, holds = true): Promise<Life> {
  const life = new Life(program, begin(), { holds });
  await life.stopped;
  return life;
}

const message = (value: unknown) => toLogged(value, "a message");

test("the intent of a step shares the commit of the outcome before it", async () => {
  const life = await live(async () => {
    for (let count = 0; count < 5; count++) await step("s", () => count);
  });
  expect(life.appends).toBe(6);
});

test("an effect waits until its intent is kept, and has no place where it is refused", async () => {
  let effects = 0;
  const life = new Life(() => step("s", () => effects++), begin());
  life.refusal = new HadronError("ABORTED", "The epoch is over.");
  expect(await life.stopped).toMatchObject({ state: "dropped", because: { code: "ABORTED" } });
  await settle();
  expect(effects).toBe(0);
  expect(life.log).toHaveLength(1);
});

test("a step fails in its last attempt; its key is the same in all, and its error is what a replay throws", async () => {
  const keys: string[] = [];
  const program = async () => {
    const error = await step(
      "s",
      ({ key, attempt }) => {
        keys.push(`${key} ${attempt}`);
        throw new RangeError("no");
      },
      { attempts: 3 },
    ).catch((error: unknown) => error);
    return [error instanceof RangeError, (error as Error).name, (error as Error).message];
  };
  const life = await live(program);
  expect(keys).toEqual(["test/1:s#1 1", "test/1:s#1 2", "test/1:s#1 3"]);
  expect(resultOf(await life.stopped)).toEqual([false, "RangeError", "no"]);
  const replay = new Life(program, life.log.slice(0, -1));
  expect(resultOf(await replay.stopped)).toEqual([false, "RangeError", "no"]);
  expect(keys).toHaveLength(3);
});

test("a step that takes too long fails, and its signal aborts", async () => {
  let signal: AbortSignal | undefined;
  const life = await live(() =>
    step(
      "slow",
      (attempt) => {
        signal = attempt.signal;
        return new Promise(() => {});
      },
      { timeoutMs: 50 },
    ),
  );
  expect(resultOf(await life.stopped)).toMatch(/test\/1:slow#1 took longer than 50 ms/);
  expect(signal?.aborted).toBe(true);
});

test("a value that cannot be kept is an error of its step", async () => {
  const life = await live(async () => {
    const wrong = await step("f", () => () => {}).catch((error: HadronError) => error.code);
    const large = await step("l", () => "x".repeat(1_100_000)).catch((error: HadronError) => error.message);
    return [wrong, large];
  });
  const [wrong, large] = resultOf(await life.stopped) as string[];
  expect(wrong).toBe("INVALID_OUTPUT");
  expect(large).toMatch(/test\/1:l#1.*bucket/);
});

test("what a step gives is a copy: what its function changes later is not seen", async () => {
  const kept = { count: 1 };
  const life = await live(async () => {
    const value = await step("s", () => kept);
    kept.count = 2;
    return value;
  });
  expect(resultOf(await life.stopped)).toEqual({ count: 1 });
});

test("a replay that does not match its log pauses, says what came where, and does nothing", async () => {
  const life = await live(async () => {
    await step("charge", () => 1);
    await step("ship", () => 2);
  });
  let effects = 0;
  const other = new Life(
    async () => {
      await step("charge", () => effects++);
      await sleep("1d");
    },
    life.log.slice(0, -1),
  );
  const stop = await other.stopped;
  expect(stop).toMatchObject({ state: "paused", because: { kind: "diverged", command: 1 } });
  expect(stop.state === "paused" && stop.because.message).toMatch(
    /log has step "ship", the program came to sleep\(1d\) \(.*execution\.test\.ts:\d+:\d+\)/,
  );
  const shorter = new Life(() => step("charge", () => effects++), life.log.slice(0, -1));
  expect(await shorter.stopped).toMatchObject({ state: "paused", because: { command: 1 } });
  const waiting = new Life(() => hook("h").next(), life.log.slice(0, -1));
  expect(await waiting.stopped).toMatchObject({ state: "paused", because: { command: 0 } });
  expect([effects, other.appends, shorter.appends, waiting.appends]).toEqual([0, 0, 0, 0]);
});

test("a run that waits for nothing durable is found, and says after which line", async () => {
  const life = await live(async () => {
    await step("s", () => 1);
    await new Promise(() => {});
  });
  expect(resultOf(await life.stopped)).toMatch(/not durable, after .*execution\.test\.ts:\d+:\d+/);
});

test("a program that goes on by what is not durable is found, where it does", async () => {
  const life = await live(async () => {
    await Promise.all([sleep("1d"), readFile(import.meta.filename).then(() => step("late", () => 1))]);
  });
  expect(resultOf(await life.stopped)).toMatch(/came to step "late" \(.*execution\.test\.ts/);
});

test("timers and fetch throw inside of a program, and not in its steps", async () => {
  const life = await live(async () => {
    const said: string[] = [];
    for (const forbidden of [
      () => setTimeout(() => {}),
      () => setImmediate(() => {}),
      () => fetch("http://127.0.0.1"),
    ]) {
      try {
        void forbidden();
      } catch (error) {
        said.push((error as Error).message.slice(0, 40));
      }
    }
    await step("s", () => new Promise<void>((resolve) => setTimeout(resolve, 1)));
    return said;
  }, false);
  expect(resultOf(await life.stopped)).toEqual([
    "setTimeout inside a durable program, out",
    "setImmediate inside a durable program, o",
    "fetch inside a durable program, outside ",
  ]);
});

test("time and chance are the same in a replay; time is that of the last event", async () => {
  const seen: unknown[][] = [];
  const program = async () => {
    await sleep("2h");
    seen.push([
      now().getTime(),
      Date.now(),
      // biome-ignore lint/complexity/useDateNow: a Date that is made is what is looked at.
      new Date().getTime(),
      random(),
      Math.random(),
      uuid(),
      crypto.randomUUID(),
    ]);
  };
  const life = await live(program);
  await new Life(program, life.log.slice(0, -1)).stopped;
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[0]?.slice(0, 3)).toEqual(Array(3).fill(Date.UTC(2026, 0, 1, 2)));
  expect(new Set(seen[0]?.slice(3)).size).toBe(4);
});

test("a sleep counts from its event, not from a restart; one that is over fires at the start", async () => {
  const program = () => sleep("3d");
  const first = new Life(program, begin());
  await settle();
  first.execution.drop(undefined);
  const called = first.log[1];
  expect(called).toMatchObject({ type: "called", kind: "sleep", until: begin()[0]!.at + 3 * 86_400_000 });
  const second = new Life(program, first.log);
  await second.stopped;
  expect(second.log.at(-1)?.at).toBe(called?.type === "called" ? called.until : 0);
});

test("what comes before the first next() waits; while it is pending, next() is the same promise", async () => {
  const life = new Life(async () => {
    await sleep(1);
    const box = hook<number>("box");
    const first = await box.next();
    const [second, again] = [box.next(), box.next()];
    return [first, second === again, await second, await box.next()];
  }, begin());
  life.execution.receive("box", message(1));
  await settle();
  life.execution.receive("box", message(2));
  life.execution.receive("box", message(3));
  expect(resultOf(await life.stopped)).toEqual([1, true, 2, 3]);
});

test("the loser of a race swallows no message: who asks next, or still waits, has it", async () => {
  const program = async () => {
    const box = hook<string>("box");
    const lost = await Promise.race([box.next(), sleep(10)]);
    await sleep("1h");
    return [lost ?? "nothing", await box.next(), await Promise.race([sleep("1d"), box.next()])];
  };
  const life = new Life(program, begin());
  await life.wait(1000);
  life.execution.receive("box", message("one"));
  life.execution.receive("box", message("two"));
  expect(resultOf(await life.stopped)).toEqual(["nothing", "one", "two"]);
  const held = new Life(async () => {
    const promise = hook<string>("box").next();
    await Promise.race([promise, sleep(10)]);
    await sleep("1h");
    return promise;
  }, begin());
  await held.wait(1000);
  held.execution.receive("box", message("one"));
  expect(resultOf(await held.stopped)).toBe("one");
});

test("cancel reaches what is awaited; finally may await durable things; a shielded part goes on", async () => {
  const seen: string[] = [];
  const program = async () => {
    const kept = shield(async () => {
      await sleep("1h");
      seen.push("shielded");
    });
    try {
      await Promise.all([
        sleep("1d"),
        hook("h").next(),
        step(
          "s",
          ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
        ),
      ]);
    } finally {
      await step("refund", () => seen.push("refund"));
      await kept.catch(() => {});
    }
  };
  const life = new Life(program, begin(), { holds: false });
  await settle();
  life.execution.cancel("by the test");
  life.time.hold();
  const value = resultOf(await life.stopped);
  expect(value).toBe("HadronError: The run was cancelled: by the test");
  // The shielded part outlasts the time of grace.
  expect(seen).toEqual(["refund"]);
});

test("a cancel during a replay goes the same way", async () => {
  const program = async () => {
    try {
      await sleep("1d");
    } catch (error) {
      return [(error as HadronError).code, await step("after", () => 1)];
    }
  };
  const life = new Life(program, begin(), { holds: false });
  await settle();
  life.execution.cancel("no more");
  life.time.hold();
  expect(resultOf(await life.stopped)).toEqual(["CANCELLED", 1]);
  const replay = new Life(program, life.log.slice(0, -1));
  expect(resultOf(await replay.stopped)).toEqual(["CANCELLED", 1]);
});

test.each(["retry", "fail", "ask"] as const)("a step in doubt, where onDoubt is %s", async (onDoubt) => {
  let effects = 0;
  const program = () =>
    step("charge", () => ++effects, { onDoubt }).catch((error: HadronError) => `${error.code} ${error.message}`);
  const first = new Life(program, begin());
  await first.stopped;
  // The process ended after the intent.
  const second = new Life(program, first.log.slice(0, 2));
  const stop = await second.stopped;
  if (onDoubt === "ask") expect(stop).toMatchObject({ state: "paused", because: { kind: "doubt", command: 0 } });
  if (onDoubt === "retry") expect(resultOf(stop)).toBe(2);
  if (onDoubt === "fail") expect(resultOf(stop)).toMatch(/^ABORTED Whether test\/1:charge#1 was done is not known/);
  expect(effects).toBe(onDoubt === "retry" ? 2 : 1);
  if (stop.state !== "paused") return;
  // Resumed, it is done again, and asks no more.
  const third = new Life(program, [...second.log, ...stop.kept]);
  expect(resultOf(await third.stopped)).toBe(2);
});

test("durable things outside of a program, or in a step, say so", async () => {
  expect(() => sleep(1)).toThrow(/for durable programs/);
  const life = await live(() => step("s", () => sleep(1)));
  expect(resultOf(await life.stopped)).toMatch(/sleep is for durable programs/);
});

test("a run that pauses for a step in doubt does nothing else meanwhile", async () => {
  let effects = 0;
  const program = () => Promise.all([step("ask", () => effects++, { onDoubt: "ask" }), step("other", () => effects++)]);
  const first = new Life(program, begin());
  await first.stopped;
  const second = new Life(program, first.log.slice(0, 3));
  expect(await second.stopped).toMatchObject({ state: "paused", because: { kind: "doubt", command: 0 } });
  await settle();
  expect(effects).toBe(2);
});
