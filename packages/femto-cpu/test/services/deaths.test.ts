import { service } from "@hadron/core";
import { type StartedApp, start } from "@hadron/core/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { femtoCpu, femtoInstructions, type Instruction, instruction } from "../../src/index.ts";
import { KNOWN } from "./known-programs.ts";

/** Called in the middle of each step. */
let inStep: (node: string) => void = () => {};

const exchange = instruction("XCHG R, [N]", {
  opcode: 200,
  node: "xchg-address-with-reg",
  does: "first and second change places: done twice by mistake, it shows",
  step: ([register, byte]) => ({ put: [byte, register] }),
});

const watched: Instruction[] = [...femtoInstructions, exchange].map((one) => ({
  ...one,
  step: (values, machine) => {
    inStep(one.node);
    return one.step(values, machine);
  },
}));

const femto = service("femto", femtoCpu(watched, { repeatMs: 5_000 }));
const hello = KNOWN[0]!;
const fib = KNOWN[1]!;
let app: StartedApp;

beforeAll(async () => {
  app = await start(femto);
});
afterAll(() => app.close());

/** Kills a replica in the middle of a step, `turns` of the microtask queue later (the transport delivers in microtasks); it is back in a moment. */
function killIn(step: number, victim: (node: string) => string, turns = 0): { count: () => number } {
  let count = 0;
  inStep = (node) => {
    if (++count !== step) return;
    const replica = app.replica(`${victim(node)}.0`);
    const wait = (left: number): void => {
      if (left > 0) return void queueMicrotask(() => wait(left - 1));
      replica.kill({ away: true });
      setTimeout(() => replica.restart(), 5);
    };
    wait(turns);
  };
  return { count: () => count };
}

const run = (source: string) => app.client(femto).run({ source });
const steps = (program: { steps: number }, every: number) =>
  Array.from({ length: Math.ceil(program.steps / every) }, (_, index) => index * every + 1);

describe("a replica dies in the middle of a step and comes back", () => {
  test("a node, in any step: the bytes are right", async () => {
    for (const step of steps(hello, 1)) {
      const killing = killIn(step, (node) => node, (step * 7) % 40);
      expect(await run(hello.source)).toMatchObject({ state: "halted", steps: 83, output: hello.output });
      expect(killing.count()).toBeGreaterThanOrEqual(83);
    }
  }, 120_000);

  test("the cpu, in any step: the run begins again, and the bytes are right", async () => {
    for (const step of steps(fib, 3)) {
      const killing = killIn(step, () => "cpu", (step * 7) % 40);
      expect(await run(fib.source)).toMatchObject({ state: "halted", steps: 94, output: fib.output });
      if ((step * 7) % 40 === 0) expect(killing.count()).toBeGreaterThan(94);
    }
  }, 120_000);

  test("the memory, in any step: the bytes are right, or the error says that it died", async () => {
    let lost = 0;
    for (const step of steps(hello, 2)) {
      killIn(step, () => "memory", (step * 7) % 40);
      const outcome = await run(hello.source).catch((error: Error) => error);
      if (outcome instanceof Error) {
        lost++;
        expect(outcome.message).toMatch(/memory\.0 died/);
      } else {
        expect(outcome).toMatchObject({ state: "halted", steps: 83, output: hello.output });
      }
    }
    expect(lost).toBeGreaterThan(30);
  }, 120_000);

  test("a node that has done its step and not yet answered: the step is taken again, with the memory as it was", async () => {
    const node = app.replica("xchg-address-with-reg.0");
    let steps = 0;
    inStep = () => {
      if (++steps !== 3) return;
      node.slow(10); // Its answer takes a while, and it dies before.
      setImmediate(() => {
        node.kill({ away: true });
        node.restart();
      });
    };
    const result = await run("MOV [232], 5\nMOV A, 1\nXCHG A, [232]\nHLT");
    expect(steps).toBe(5);
    expect([result.registers.A, result.output[0]]).toEqual([5, 1]);
  });

  test("the way to the memory, once it has stored and not yet answered: it stores once", async () => {
    const memory = app.replica("memory.0");
    let cuts = 0;
    inStep = (node) => {
      if (node !== "xchg-address-with-reg") return;
      memory.slow(10); // What it answers takes a while.
      const before = memory.calls;
      const look = (): void => {
        if (memory.calls === before) return void setImmediate(look);
        cuts++;
        memory.cut();
        memory.restore();
      };
      look();
    };
    const result = await run("MOV A, 1\nXCHG A, [x]\nMOV B, [x]\nHLT\nx: DB 6");
    expect(cuts).toBe(1);
    expect([result.registers.A, result.registers.B]).toEqual([6, 1]);
  });

  test("the assembler or a line parser: the program is assembled all the same", async () => {
    for (const name of ["assembler.0", "line-parser.1"]) {
      const replica = app.replica(name);
      const going = run(hello.source);
      replica.kill({ away: true });
      setTimeout(() => replica.restart(), 5);
      expect(await going).toMatchObject({ output: hello.output });
    }
  });
});

describe("a replica dies and stays dead", () => {
  const mortal = service("femto", femtoCpu(watched, { repeatMs: 50 }));

  test.each(["inc-reg", "memory", "cpu"])("%s: the error names it", async (victim) => {
    await using small = await start(mortal);
    let count = 0;
    inStep = () => {
      if (++count === 20) small.replica(`${victim}.0`).kill();
    };
    await expect(small.client(mortal).run({ source: hello.source })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining(`${victim}.0`),
    });
  });
});

test("a step is over when the memory has its bytes, and no result is given before", async () => {
  const memory = app.replica("memory.0");
  let over = false;
  inStep = (node) => {
    if (node === "mov-number-to-address") memory.hang();
  };
  const result = run("MOV [232], 7\nMOV A, 1\nHLT").finally(() => {
    over = true;
  });
  const halted = new Promise<void>((resolve) => {
    inStep = ((before) => (node: string) => {
      before(node);
      if (node === "none") resolve();
    })(inStep);
  });
  // The steps after it have gone to their nodes; the cpu waits for the memory.
  await halted;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(over).toBe(false);
  memory.restore();
  expect(await result).toMatchObject({ state: "halted", steps: 3, output: [7, ...new Array(23).fill(0)] });
});
