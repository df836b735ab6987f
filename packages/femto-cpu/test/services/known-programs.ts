import { readFileSync } from "node:fs";

const read = (file: string) => readFileSync(new URL(`../../../../examples/femto/${file}`, import.meta.url), "utf8");

/** The three known runs: a program, how many steps it takes, and what its output begins with. */
export const KNOWN = [
  { file: "hello-world.asm", source: read("hello-world.asm"), steps: 83, output: [...Buffer.from("Hello World!")] },
  { file: "fib-8bit.asm", source: read("fib-8bit.asm"), steps: 94, output: [0x59] },
  { file: "fib.asm", source: read("fib.asm"), steps: 1079, output: [0x19, 0xd6, 0x99, 0xa5] },
].map((one) => ({ ...one, output: [...one.output, ...new Array<number>(24 - one.output.length).fill(0)] }));
