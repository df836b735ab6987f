import { stripVTControlCharacters } from "node:util";
import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { painter, renderScene } from "../../../../examples/femto/view.ts";
import { watch } from "../../../../examples/femto/watch.ts";
import { femto } from "../../../../examples/femto.ts";
import { KNOWN } from "../services/known-programs.ts";

const { source, output } = KNOWN[0]!;

async function watched(screen: { isTTY: boolean; columns?: number; rows?: number }) {
  await using app = await start(femto);
  const client = app.client(femto);
  const written: string[] = [];
  const machine = {
    run: (input: Parameters<typeof client.run>[0]) => client.run(input),
    assemble: (input: { source: string }) => client.assemble(input),
    async [Symbol.asyncDispose]() {},
  };
  const result = await watch(machine, {
    file: "hello-world.asm",
    source,
    maxSteps: 1000,
    delayMs: 0,
    screen: { ...screen, write: (text: string) => written.push(text) },
    colours: true,
    signal: AbortSignal.timeout(20_000),
  });
  return { result, written };
}

test("watching ends as running does", async () => {
  const { result } = await watched({ isTTY: false });
  expect(result).toMatchObject({ state: "halted", steps: 83, output });
});

test("without a screen each step is a line: its node, the machine after it, and what it stored", async () => {
  const { written } = await watched({ isTTY: false });
  expect(written.length).toBe(84);
  expect(written[4]).toMatch(/^ +4 call-address +A=00 B=00 C=02 D=e8 SP=e6 IP=18 -- \[e7]=17\n$/);
  expect(written.at(-1)).toMatch(/^ +83 none /);
});

test("on a screen each step is drawn over the last one, within 80 columns, and the cursor comes back", async () => {
  const { written } = await watched({ isTTY: true, columns: 80, rows: 24 });
  expect(written[0]).toBe("\x1b[?25l");
  expect(written.at(-1)).toBe("\x1b[?25h");
  const scenes = written.slice(1, -1);
  expect(scenes.length).toBe(84);
  expect(scenes[1]!.startsWith("\x1b[21A\r")).toBe(true);
  for (const scene of scenes) {
    for (const line of stripVTControlCharacters(scene).split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  }
  expect(stripVTControlCharacters(scenes[8]!)).toContain("▶ mov-reg-to-regaddress");
  expect(stripVTControlCharacters(scenes.at(-1)!)).toContain("output Hello World!");
});

test("a screen that is too small gets lines", async () => {
  const { written } = await watched({ isTTY: true, columns: 80, rows: 20 });
  expect(written.every((text) => /^ *\d+ .*\n$/.test(text))).toBe(true);
});

test("the longest names of nodes fit beside the memory", () => {
  const memory = new Array<number>(256).fill(0);
  const registers = { A: 255, B: 255, C: 255, D: 255, SP: 231, IP: 255 };
  const flags = { zero: false, carry: false };
  const next = "mov-number-to-regaddress";
  const result = {
    state: "running",
    fault: null,
    output: memory.slice(232),
    registers,
    flags,
    steps: 0,
    memory,
    next,
  } as const;
  const program = { bytes: [], labels: {}, lines: [{ line: 1, address: 255, length: 1 }] };
  const scene = {
    file: "x".repeat(200),
    source: ["y ".repeat(200)],
    program,
    result,
    steps: 1e9,
    before: memory,
    trail: [next],
  };
  for (const line of renderScene(scene, painter(false))) expect(line.length).toBeLessThanOrEqual(80);
});
