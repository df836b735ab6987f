import { HadronError } from "@hadron/core";
import { type StartedApp, start } from "@hadron/core/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { femto } from "../../../../examples/femto.ts";
import { START } from "../../src/index.ts";
import { randomProgram } from "../machine/programs.ts";
import { interpret } from "../reference/interpreter.ts";
import { KNOWN } from "./known-programs.ts";

let app: StartedApp;
beforeAll(async () => {
  app = await start(femto);
});
afterAll(() => app.close());

const run = (source: string, maxSteps?: number) =>
  app.client(femto).run({ source, ...(maxSteps === undefined ? {} : { maxSteps }) });
const held = () => app.call("memory", "count");
const toSource = (bytes: readonly number[]) => bytes.map((byte) => `DB ${byte}`).join("\n");

test("a result is the machine as it stands, and nothing else", async () => {
  expect(await run("MOV A, 1\nHLT")).toEqual({
    state: "halted",
    fault: null,
    output: new Array(24).fill(0),
    registers: { A: 1, B: 0, C: 0, D: 0, SP: 231, IP: 3 },
    flags: { zero: false, carry: false },
    steps: 2,
  });
});

test("a program that never ends is ended as running", async () => {
  expect(await run("x: INC A\nJMP x", 1001)).toMatchObject({
    state: "running",
    fault: null,
    steps: 1001,
    registers: { A: 245, IP: 2 },
  });
  expect(await run("HLT", 0)).toMatchObject({ state: "running", steps: 0 });
});

test("a fault ends a run, with the machine as it was before that step", async () => {
  const result = await run("MOV A, 9\nCMP A, 10\nDIV 0\nHLT");
  expect(result).toMatchObject({
    state: "faulted",
    fault: "Division by 0",
    steps: 2,
    registers: { A: 9, IP: 6 },
    flags: { carry: true, zero: false },
  });
});

test("a program that changes itself runs as it has changed itself", async () => {
  // The byte that MOV loads is written by the instruction before it.
  expect(await run("MOV [5], 7\nMOV A, 0\nHLT")).toMatchObject({ registers: { A: 7 } });
  // And so is an opcode.
  expect(await run("MOV [3], 19\nINC A\nHLT")).toMatchObject({ registers: { A: 255 } });
});

test("assembling gives bytes, labels and lines", async () => {
  expect(await app.client(femto).assemble({ source: "JMP end\n\nx: DB 1\nend: HLT" })).toEqual({
    bytes: [31, 3, 1, 0],
    labels: { x: 2, end: 3 },
    lines: [
      { line: 1, address: 0, length: 2 },
      { line: 3, address: 2, length: 1 },
      { line: 4, address: 3, length: 1 },
    ],
  });
});

test.each(["run", "assemble"] as const)("%s tells all that is wrong with a program", async (procedure) => {
  const failure = await app
    .client(femto)
    [procedure]({ source: "FOO\nMOV A, 300\nJMP gone" })
    .catch((error) => error);
  expect(failure).toBeInstanceOf(HadronError);
  expect(failure.code).toBe("INVALID_INPUT");
  expect(failure.message).toContain("line 1, column 1: invalid instruction: FOO; expected DB or one of HLT MOV");
  expect(failure.message).toContain("line 2, column 8: number out of range: 300; expected a number from 0 to 255");
  expect(failure.message).toContain("line 3, column 5: undefined label: gone; expected a label of this program");
});

test.each([
  [{}, "source"],
  [{ source: 5 }, "source"],
  [{ source: "HLT", maxSteps: -1 }, "maxSteps"],
  [{ source: "HLT", maxSteps: 1.5 }, "maxSteps"],
  [{ source: "HLT", steps: 1 }, "steps"],
  [{ source: "x".repeat(256 * 1024 + 1) }, "source"],
  [{ from: { memory: [], registers: {}, flags: {} } }, "from.memory"],
])("an input that makes no sense is refused by the name of its field: %j", async (input, field) => {
  await expect(app.call("femto", "run", input)).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining(field),
  });
});

test("a run can go on from where another stood", async () => {
  const { source } = KNOWN[0]!;
  let result = await app.client(femto).run({ source, maxSteps: 40, detail: true });
  expect(result).toMatchObject({ state: "running", next: expect.any(String) });
  const { memory, registers, flags } = result;
  result = await app.client(femto).run({ from: { memory: memory!, registers, flags }, detail: true });
  expect(result).toMatchObject({ state: "halted", steps: 43, output: KNOWN[0]!.output, next: null });
});

describe("memory is given back", () => {
  test.each([
    ["halts", "HLT", {}],
    ["faults", "DIV 0", {}],
    ["goes on", "x: JMP x", { maxSteps: 10 }],
  ])("when a program %s", async (_, source, options) => {
    await app.client(femto).run({ source, ...options });
    await expect.poll(held).toBe(0);
  });

  test("when the caller goes away", async () => {
    const controller = new AbortController();
    const going = app.client(femto).with({ signal: controller.signal }).run({ source: "x: JMP x", maxSteps: 1e9 });
    const outcome = going.catch((error: unknown) => error);
    await expect.poll(held).toBe(1);
    controller.abort();
    expect(await outcome).toMatchObject({ code: "CANCELLED" });
    await expect.poll(held).toBe(0);
  });

  test("when the time of the call runs out", async () => {
    const going = app.client(femto).with({ timeoutMs: 100 }).run({ source: "x: JMP x", maxSteps: 1e9 });
    await expect(going).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await expect.poll(held).toBe(0);
  });
});

test("a hundred programs at once do not meet", async () => {
  const one = async (n: number) => {
    const source = `MOV C, 10\nx: MOV [100], ${n}\nPUSH ${n}\nPOP A\nADD B, [100]\nDEC C\nJNZ x\nMOV [232], A\nHLT`;
    const { state, output, registers, steps } = await run(source);
    return { state, output: output[0], sum: registers.B, steps };
  };
  const all = await Promise.all(Array.from({ length: 100 }, (_, n) => one(n)));
  expect(all).toEqual(
    Array.from({ length: 100 }, (_, n) => ({ state: "halted", output: n, sum: (n * 10) % 256, steps: 63 })),
  );
  await expect.poll(held).toBe(0);
});

test("a program of an old memory, or of none, is refused", async () => {
  const job = { program: "0-dead-1", state: START, maxSteps: 1 };
  await expect(app.call("cpu", undefined, job)).rejects.toMatchObject({
    code: "ABORTED",
    message: expect.stringContaining("memory.0 died"),
  });
});

test("the distributed machine and an interpreter written apart from it agree on random programs", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(randomProgram, { minLength: 16, maxLength: 16 }), async (programs) => {
      await Promise.all(
        programs.map(async (program) => {
          const expected = interpret(program, 150);
          const result = await app.client(femto).run({ source: toSource(program), maxSteps: 150, detail: true });
          const { output, next, ...rest } = result;
          expect(rest).toEqual(expected);
          expect(output).toEqual(expected.memory.slice(232));
        }),
      );
    }),
    { numRuns: 130 },
  );
}, 120_000);
