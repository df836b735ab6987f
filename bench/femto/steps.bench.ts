/**
 * The femto machine under the local runner, against the same distributed machine written plainly over node:http with a
 * keep-alive agent: a process for each node, one request for each load, store and step. Both run fib.asm.
 */
import { assemble, femtoInstructions, instructionSet } from "@hadron/femto-cpu";
import { bench } from "../harness.ts";
import { type LocalMachine, readProgram, startLocalMachine } from "./local.ts";
import { type PlainMachine, startPlainMachine } from "./plain.ts";

const OUTPUT = "19 d6 99 a5";
const ALL_STEPS = 1079;
/** Of many programs at once, each goes so far: the plain machine would take too long for all of it. */
const SOME_STEPS = 100;

await bench("fib.asm on the femto machine, steps a second, against plain node:http", async (b) => {
  const { bytes } = assemble(instructionSet(femtoInstructions), readProgram("fib.asm"));
  const ours = await startLocalMachine();
  b.defer(() => ours.close());
  const plain = await startPlainMachine();
  b.defer(() => plain.close());

  for (const { atOnce, maxSteps, atLeast, aim, what } of [
    { atOnce: 1, maxSteps: ALL_STEPS, atLeast: 5, aim: 15, what: "one program" },
    { atOnce: 32, maxSteps: SOME_STEPS, atLeast: 10, aim: 30, what: "32 programs at once" },
  ]) {
    const load = ({ pids, run }: Pick<LocalMachine | PlainMachine, "pids" | "run">) => ({
      pids,
      run: async (ms: number) => {
        const startedAt = performance.now();
        let calls = 0;
        do {
          const one = () => run(bytes, maxSteps);
          for (const { steps, output } of await Promise.all(Array.from({ length: atOnce }, one))) {
            check(steps, maxSteps, output);
            calls += steps;
          }
        } while (performance.now() - startedAt < ms);
        return { calls, ms: performance.now() - startedAt, refused: 0 };
      },
    });
    const rounds = await b.compare(
      { ours: load(ours), plain: load(plain) },
      { rounds: atOnce === 1 ? 5 : 3, roundMs: 250, warmMs: 400, budgetMs: 15_000 },
    );
    b.row({ what: `${what}, speed`, atLeast, aim, measured: rounds.speed("ours", "plain") });
    b.row({ what: `${what}, CPU time a step`, measured: rounds.cpu("ours", "plain") });
  }
});

function check(steps: number, maxSteps: number, output: readonly number[]): void {
  const begins = output
    .slice(0, 4)
    .map((byte) => byte.toString(16))
    .join(" ");
  if (steps !== maxSteps) throw new Error(`${steps} steps were done, and not ${maxSteps}.`);
  if (maxSteps === ALL_STEPS && begins !== OUTPUT) throw new Error(`The output is ${begins}, and not ${OUTPUT}.`);
}
