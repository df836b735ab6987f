import { describe, expect, test } from "vitest";
import { MEMORY_BYTES, STACK_START } from "../../src/machine/state.ts";
import { assembleInput, runInput } from "../../src/services/run-input.ts";

/** What is wrong with an input: the path and the message of each issue. */
function issuesOf(schema: typeof runInput | typeof assembleInput, input: unknown): string[] {
  const result = schema["~standard"].validate(input);
  if (result instanceof Promise) throw new Error("A schema of ours answers at once.");
  return (result.issues ?? []).map(({ message, path = [] }) => `${path.join(".")}: ${message}`);
}

const registers = { A: 0, B: 255, C: 1, D: 254, SP: STACK_START, IP: 0 };
const from = { memory: Array<number>(MEMORY_BYTES).fill(255), registers, flags: { zero: true, carry: false } };

describe("what run takes", () => {
  test.each([
    [{ source: "" }],
    [{ source: "HLT", maxSteps: 0, detail: false }],
    [{ source: "HLT", maxSteps: 1_000_000_000, detail: true }],
    [{ source: ";".repeat(256 * 1024) }],
    [{ from }],
    [{ from: { ...from, registers: { ...registers, SP: 0, IP: MEMORY_BYTES + 8 } } }],
    // Beside a state to go on from, the source is not looked at.
    [{ from, source: undefined }],
  ])("%# is taken as it is", (input) => {
    expect(runInput["~standard"].validate(input)).toEqual({ value: input });
  });

  test.each([
    [undefined, [": should be an object with source, from, maxSteps, detail"]],
    [null, [": should be an object with source, from, maxSteps, detail"]],
    ["HLT", [": should be an object with source, from, maxSteps, detail"]],
    [["HLT"], [": should be an object with source, from, maxSteps, detail"]],
    [{}, ["source: should be a program in assembly, as a string"]],
    [{ source: 7 }, ["source: should be a program in assembly, as a string"]],
    [{ source: ";".repeat(256 * 1024 + 1) }, ["source: should be at most 262144 characters"]],
    [{ source: "", sauce: 1 }, ["sauce: is not known; there are source, from, maxSteps, detail"]],
    [{ source: "", maxSteps: -1 }, ["maxSteps: should be a whole number from 0 to 1000000000"]],
    [{ source: "", maxSteps: 1_000_000_001 }, ["maxSteps: should be a whole number from 0 to 1000000000"]],
    [{ source: "", maxSteps: 1.5 }, ["maxSteps: should be a whole number from 0 to 1000000000"]],
    [{ source: "", maxSteps: "7" }, ["maxSteps: should be a whole number from 0 to 1000000000"]],
    [{ source: "", detail: 1 }, ["detail: should be true or false"]],
    [
      { source: 7, detail: "yes", maxSteps: null },
      [
        "maxSteps: should be a whole number from 0 to 1000000000",
        "detail: should be true or false",
        "source: should be a program in assembly, as a string",
      ],
    ],
  ])("%# is refused, with every fault that it has", (input, expected) => {
    expect(issuesOf(runInput, input)).toEqual(expected);
  });

  const rest = [
    ...["A", "B", "C", "D"].map((name) => `from.registers.${name}: should be a whole number from 0 to 255`),
    `from.registers.SP: should be a whole number from 0 to ${STACK_START}`,
    `from.registers.IP: should be a whole number from 0 to ${MEMORY_BYTES + 8}`,
    "from.flags.zero: should be true or false",
    "from.flags.carry: should be true or false",
  ];
  test.each([
    ["nothing", null],
    ["no object", 7],
    ["an empty one", {}],
  ])("a state that is %s lacks all", (_, state) => {
    expect(issuesOf(runInput, { from: state })).toEqual([
      `from.memory: should be ${MEMORY_BYTES} numbers from 0 to 255`,
      ...rest,
    ]);
  });

  test.each([
    ["one byte short", from.memory.slice(1)],
    ["one byte long", [...from.memory, 0]],
    ["a byte of 256", from.memory.with(7, 256)],
    ["a byte below 0", from.memory.with(7, -1)],
    ["half a byte", from.memory.with(0, 0.5)],
    ["a text", "0".repeat(MEMORY_BYTES)],
  ])("a memory with %s is refused", (_, memory) => {
    expect(issuesOf(runInput, { from: { ...from, memory } })).toEqual([
      `from.memory: should be ${MEMORY_BYTES} numbers from 0 to 255`,
    ]);
  });

  test.each([
    ["A", 256, 255],
    ["D", -1, 255],
    ["SP", STACK_START + 1, STACK_START],
    ["IP", MEMORY_BYTES + 9, MEMORY_BYTES + 8],
  ])("a register %s of %d is refused", (name, value, most) => {
    expect(issuesOf(runInput, { from: { ...from, registers: { ...registers, [name]: value } } })).toEqual([
      `from.registers.${name}: should be a whole number from 0 to ${most}`,
    ]);
  });
});

describe("what assemble takes", () => {
  test("is a source, and nothing else", () => {
    expect(assembleInput["~standard"].validate({ source: "HLT" })).toEqual({ value: { source: "HLT" } });
    expect(issuesOf(assembleInput, {})).toEqual(["source: should be a program in assembly, as a string"]);
    expect(issuesOf(assembleInput, { source: "HLT", detail: true })).toEqual([
      "detail: is not known; there are source",
    ]);
  });
});
