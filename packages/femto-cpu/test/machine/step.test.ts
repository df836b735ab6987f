import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { assemble, femtoInstructions, instructionSet } from "../../src/index.ts";
import { interpret } from "../reference/interpreter.ts";
import { randomProgram } from "./programs.ts";
import { runLocally } from "./run-locally.ts";

const set = instructionSet(femtoInstructions);
const output = (memory: readonly number[]) =>
  memory
    .slice(232)
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join(" ");

test.each([
  ["hello-world.asm", 83, "48 65 6c 6c 6f 20 57 6f 72 6c 64 21"],
  ["fib-8bit.asm", 94, "59"],
  ["fib.asm", 1079, "19 d6 99 a5"],
])("%s halts after %i steps with its known output", (file, steps, known) => {
  const source = readFileSync(new URL(`../../../../examples/femto/${file}`, import.meta.url), "utf8");
  const { bytes } = assemble(set, source);
  for (const outcome of [runLocally(set, bytes), interpret(bytes)]) {
    expect(outcome).toMatchObject({ state: "halted", fault: null, steps });
    expect(output(outcome.memory)).toBe(known.padEnd(24 * 3 - 1, " 00"));
  }
});

test("hello-world.asm gives A and B back as they were", () => {
  const source = readFileSync(new URL("../../../../examples/femto/hello-world.asm", import.meta.url), "utf8");
  const { registers } = runLocally(set, assemble(set, `MOV A, 7\nMOV B, 9\n${source}`).bytes);
  expect(registers).toMatchObject({ A: 7, B: 9, SP: 231 });
});

test("the nodes' code and an interpreter written apart from it agree on random programs", () => {
  fc.assert(
    fc.property(randomProgram, (program) => {
      expect(runLocally(set, program, 300)).toEqual(interpret(program, 300));
    }),
    { numRuns: 5000 },
  );
});

test("random programs reach every instruction, every fault and every end", () => {
  const seen = new Set<string>();
  const opcodes = new Set<number>();
  for (const program of fc.sample(randomProgram, { numRuns: 5000, seed: 7 })) {
    const { state, fault } = interpret(program, 300, (opcode) => opcodes.add(opcode));
    seen.add(state);
    if (fault !== null) seen.add(fault.replace(/: \d+/, ""));
  }
  expect(opcodes).toEqual(new Set(femtoInstructions.map(({ opcode }) => opcode)));
  expect([...seen].sort()).toEqual(
    [
      "halted",
      "faulted",
      "running",
      "Division by 0",
      "Stack overflow",
      "Stack underflow",
      "Memory access violation",
      "Invalid register",
      "Instruction pointer is outside of memory",
      "Invalid op code",
    ].sort(),
  );
});
