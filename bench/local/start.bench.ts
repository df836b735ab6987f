import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bench } from "../harness.ts";
import { endedChildrenCpuMs } from "../harness-cpu.ts";

const ROUNDS = 9;
const TSX = new URL("../../node_modules/tsx/dist/cli.mjs", import.meta.url).pathname;
const path = (file: string) => new URL(file, import.meta.url).pathname;

await bench(
  "`call` on the histogram from a warm checkout, process start to answer, against a tsx script that starts 11 bare processes and asks one",
  async (b) => {
    // Its own place for sockets, so that no app that runs already is called instead.
    const runtime = mkdtempSync(join(tmpdir(), "hadron-bench-"));
    b.defer(() => rmSync(runtime, { recursive: true, force: true }));
    const env = { ...process.env, XDG_RUNTIME_DIR: runtime };
    const ours = () => timed([TSX, path("../../examples/histogram.ts"), "call"], env, b.defer);
    const bare = () => timed([TSX, path("./eleven-bare.ts")], env, b.defer);

    await ours();
    await bare();
    const [answer, end, cpu]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < ROUNDS; round++) {
      const [first, second] = round % 2 === 0 ? [await ours(), await bare()] : [await bare(), await ours()];
      const [one, other] = round % 2 === 0 ? [first, second] : [second, first];
      answer.push(one.answerMs / other.answerMs);
      end.push(one.endMs / other.endMs);
      cpu.push(one.cpuMs / other.cpuMs);
    }
    b.row({ what: "process start to answer", atMost: 2.5, aim: 1.7, measured: answer });
    b.row({ what: "process start to process end", measured: end });
    b.row({ what: "CPU time of all processes", measured: cpu });
  },
);

interface Timed {
  readonly answerMs: number;
  readonly endMs: number;
  readonly cpuMs: number;
}

/** Runs a program to its end, and takes the time until it prints a JSON array. */
async function timed(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  defer: (close: () => unknown) => void,
): Promise<Timed> {
  const before = endedChildrenCpuMs();
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
  defer(() => child.kill("SIGTERM"));
  let answerMs = Number.NaN;
  let [out, problems] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
    if (Number.isNaN(answerMs) && /^\[[\d,]+\]/m.test(out)) answerMs = performance.now() - startedAt;
  });
  child.stderr.on("data", (chunk) => {
    problems += chunk;
  });
  await once(child, "close");
  if (Number.isNaN(answerMs))
    throw new Error(`${args.join(" ")} gave no answer, exit code ${child.exitCode}:\n${out}${problems}`);
  return { answerMs, endMs: performance.now() - startedAt, cpuMs: endedChildrenCpuMs() - before };
}
