import * as local from "@hadron/runners/local";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DeployedMachine, deploy } from "./deployed-machine.ts";
import { randomProgram } from "./machine/programs.ts";
import { interpret } from "./reference/interpreter.ts";
import { KNOWN } from "./services/known-programs.ts";

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
