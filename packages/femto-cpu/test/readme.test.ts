import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { femtoInstructions } from "../src/index.ts";
import { toTable } from "../src/instruction-set/table.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the README's table of instructions is the one that the instruction set gives (bin/update-readme.ts writes it)", () => {
  expect(readme).toContain(toTable(femtoInstructions));
});

test("the README's example of a new instruction is the one in examples/", () => {
  const example = readFileSync(new URL("../../../examples/femto-swap.ts", import.meta.url), "utf8");
  const shown = /const swap = [\s\S]*?\n}\);/.exec(readme)![0];
  expect(example).toContain(shown);
});
