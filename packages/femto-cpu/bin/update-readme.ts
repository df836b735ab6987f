/**
 * Writes the table of instructions into the README, from the instruction set.
 *
 *   npx tsx packages/femto-cpu/bin/update-readme.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { femtoInstructions } from "../src/instruction-set/femto.ts";
import { toTable } from "../src/instruction-set/table.ts";

const readme = new URL("../README.md", import.meta.url);
const text = readFileSync(readme, "utf8");
const [begin, end] = ["<!-- instructions -->\n", "<!-- end of instructions -->"];
if (!text.includes(begin) || !text.includes(end)) throw new Error(`The README should hold ${begin} and ${end}.`);
const before = text.slice(0, text.indexOf(begin) + begin.length);
writeFileSync(readme, `${before}\n${toTable(femtoInstructions)}\n\n${text.slice(text.indexOf(end))}`);
