import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as local from "@hadron/runners/local";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DeployedMachine, deploy } from "./deployed-machine.ts";
import { randomProgram } from "./machine/programs.ts";
import { interpret } from "./reference/interpreter.ts";
import { KNOWN } from "./services/known-programs.ts";

const FEMTO_RUN = fileURLToPath(new URL("../../../examples/femto-run.ts", import.meta.url));

let machine: DeployedMachine;
beforeAll(async () => {
  machine = await deploy(local);
}, 120_000);
afterAll(() => machine?.[Symbol.asyncDispose](), 60_000);

/**
 * Counts up to a hundred times `hundreds` in the output, high byte first, with ADD in each round. `isOver` tells whether
 * what is done to the machine still meets the program.
 */
function count(hundreds: number) {
  const source = `
          MOV B, 1
          MOV D, ${hundreds}
  .outer: MOV C, 100
  .inner: MOV A, [233]
          ADD A, B
          MOV [233], A
          MOV A, [232]
          ADC A, 0
          MOV [232], A
          DEC C
          JNZ .inner
          DEC D
          JNZ .outer
          HLT`;
  let over = false;
  const result = machine.run({ source }).finally(() => {
    over = true;
  });
  result.catch(() => {});
  const output = [(hundreds * 100) >> 8, (hundreds * 100) & 255, ...new Array<number>(22).fill(0)];
  const expected = { state: "halted", fault: null, steps: 2 + hundreds * (1 + 100 * 8 + 2) + 1, output };
  return { result, expected, isOver: () => over };
}

/** Waits until a replica has taken so many more calls: the program is in the middle of its run. */
async function underWay(replica: string): Promise<void> {
  const before = await machine.calls(replica);
  await expect.poll(() => machine.calls(replica), { timeout: 30_000 }).toBeGreaterThan(before + 50);
}

test.each(KNOWN)("runs $file", async ({ source, steps, output }) => {
  expect(await machine.run({ source })).toMatchObject({ state: "halted", fault: null, steps, output });
});

describe("femto-run.ts", () => {
  const femtoRun = (...args: string[]) =>
    promisify(execFile)(process.execPath, [FEMTO_RUN, ...args, "--runner=local", `--app=${machine.app}`]);

  test("prints the output in hexadecimal", async () => {
    const { stdout, stderr } = await femtoRun("hello-world.asm");
    expect(stdout).toBe(`48 65 6c 6c 6f 20 57 6f 72 6c 64 21${" 00".repeat(12)}\n`);
    expect(stderr).toBe("");
  });

  test("--json prints the result", async () => {
    const { stdout } = await femtoRun("fib-8bit.asm", "--json");
    expect(JSON.parse(stdout)).toEqual({
      state: "halted",
      fault: null,
      output: KNOWN[1]!.output,
      registers: { A: 89, B: 55, C: 0, D: 0, SP: 231, IP: 21 },
      flags: { zero: true, carry: false },
      steps: 94,
    });
  });

  test("--watch shows each step with its node, then the output", async () => {
    const { stdout } = await femtoRun("fib-8bit.asm", "--watch");
    const lines = stdout.trimEnd().split("\n");
    expect(lines.length).toBe(1 + 94 + 1);
    expect(lines[4]).toMatch(/^ +4 call-address /);
    expect(lines.at(-1)).toBe(`59${" 00".repeat(23)}`);
  });

  test("--max-steps ends a program that runs on, and says so", async () => {
    const { stdout, stderr } = await femtoRun("fib.asm", "--max-steps=10");
    expect(stdout).toBe(`00${" 00".repeat(23)}\n`);
    expect(stderr).toBe("ended after step 10, while it was running; see --max-steps\n");
  });

  test.each([
    [["nothing.asm"], "There is no program nothing.asm"],
    [[], "Say which program"],
    [["fib.asm", "--max-steps=x"], '--max-steps is "x"'],
    [["fib.asm", "--watch", "--json"], "leave one out"],
  ])("%j is wrong use", async (args, message) => {
    await expect(femtoRun(...args)).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});

test("agrees with an interpreter written apart from it on random programs", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(randomProgram, { minLength: 25, maxLength: 25 }), async (programs) => {
      await Promise.all(
        programs.map(async (program) => {
          const source = program.map((byte) => `DB ${byte}`).join("\n");
          const { output, next, ...rest } = await machine.run({ source, maxSteps: 60, detail: true });
          expect(rest).toEqual(interpret(program, 60));
          expect(output).toEqual(rest.memory!.slice(232));
        }),
      );
    }),
    { numRuns: 12, endOnFailure: true },
  );
}, 120_000);

test("after a node is scaled a running program goes on, and all its replicas are used", async () => {
  const going = count(20);
  await underWay("add-reg-to-reg.0");
  await machine.scale("add-reg-to-reg", 3);
  await expect.poll(() => machine.calls("add-reg-to-reg.2"), { timeout: 30_000 }).toBeGreaterThan(0);
  await expect.poll(() => machine.calls("add-reg-to-reg.1"), { timeout: 30_000 }).toBeGreaterThan(0);
  expect(going.isOver()).toBe(false);
  expect(await going.result).toMatchObject(going.expected);
}, 90_000);

test.each(["mov-reg-to-address.0", "cpu.0"])(
  "%s is killed: the bytes are right",
  async (replica) => {
    const going = count(8);
    await underWay("dec-reg.0");
    machine.kill(replica);
    expect(going.isOver()).toBe(false);
    expect(await going.result).toMatchObject(going.expected);
  },
  90_000,
);

test("the memory is killed: the error says so, and the next run is right", async () => {
  const going = count(8);
  await underWay("dec-reg.0");
  machine.kill("memory.0");
  expect(going.isOver()).toBe(false);
  await expect(going.result).rejects.toMatchObject({ message: expect.stringContaining("memory.0 died") });
  const { source, output } = KNOWN[0]!;
  expect(await machine.run({ source })).toMatchObject({ state: "halted", output });
}, 90_000);
