/**
 * Runs a program on the femto machine, wherever that runs; where it does not, starts the local one for this run.
 *
 *   npx tsx examples/femto-run.ts hello-world.asm            24 bytes of output, in hexadecimal
 *   npx tsx examples/femto-run.ts fib.asm --watch            step by step
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { HadronError } from "@hadron/core";
import {
  createTerminal,
  type Flag,
  flagTable,
  parseArguments,
  reportFailure,
  type Stopping,
  statusOf,
  type Terminal,
  toDurationMs,
  watchSignals,
} from "@hadron/core/cli/shared";
import type { RunResult } from "@hadron/femto-cpu";
import { findMachine } from "./femto/find-machine.ts";
import { toHex } from "./femto/view.ts";
import { watch } from "./femto/watch.ts";

const FLAGS: readonly Flag[] = [
  { name: "watch", help: "show registers, flags, memory and the node at work, step by step" },
  { name: "delay", value: "TIME", help: "how long --watch shows each step (default 100ms)" },
  { name: "max-steps", value: "N", help: "steps after which the program is ended (default 100000)" },
  { name: "timeout", value: "TIME", help: "how long a call may take (default 10m)" },
  { name: "runner", value: "NAME", help: "the machine of this runner: local, docker or kubernetes" },
  { name: "app", value: "NAME", help: "the machine of this app" },
  { name: "url", value: "URL", help: "the machine at this address" },
  { name: "json", help: "print the whole result as JSON" },
  { name: "help", short: "h", help: "show this" },
];

const USAGE = "npx tsx examples/femto-run.ts FILE [--watch] [--json]";

/** Where the programs that come with it are. */
const PROGRAMS = new URL("./femto/", import.meta.url);

async function main(terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { flags, words } = parseArguments(process.argv.slice(2), FLAGS);
  if (flags.help !== undefined) {
    for (const line of [USAGE, "", ...flagTable(FLAGS, terminal.columns)]) terminal.out(line);
    return;
  }
  const [file, extra] = words;
  if (file === undefined || extra !== undefined) throw new HadronError("WRONG_USE", `Say which program: ${USAGE}`);
  if (flags.watch !== undefined && flags.json !== undefined) {
    throw new HadronError("WRONG_USE", "--watch shows each step, --json the result alone; leave one out.");
  }
  const source = readProgram(file);
  const maxSteps = toSteps(flags["max-steps"]);
  await using machine = await findMachine({
    runner: flags.runner,
    app: flags.app,
    url: flags.url,
    timeoutMs: toDurationMs("timeout", flags.timeout ?? "10m"),
    env: process.env,
    signal,
    progress: createProgress(terminal, flags.json !== undefined),
  });
  const result: RunResult =
    flags.watch === undefined
      ? await machine.run({ source, maxSteps })
      : await watch(machine, {
          file,
          source,
          maxSteps,
          delayMs: toDurationMs("delay", flags.delay ?? "100ms"),
          screen: process.stdout,
          colours: process.stdout.isTTY === true && !process.env.NO_COLOR,
          signal,
        });
  if (flags.json !== undefined) {
    terminal.out(JSON.stringify(result));
    return;
  }
  terminal.out(toHex(result.output));
  if (result.state === "faulted") terminal.err(`faulted after step ${result.steps}: ${result.fault}`);
  if (result.state === "running")
    terminal.err(`ended after step ${result.steps}, while it was running; see --max-steps`);
}

function readProgram(file: string): string {
  const path = [file, fileURLToPath(new URL(file, PROGRAMS))].find((one) => existsSync(one));
  if (path !== undefined) return readFileSync(path, "utf8");
  throw new HadronError("WRONG_USE", `There is no program ${file}, here or in ${fileURLToPath(PROGRAMS)}.`);
}

function toSteps(text = "100000"): number {
  const steps = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (steps <= 1e9) return steps;
  throw new HadronError("WRONG_USE", `--max-steps is "${text}", and should be a whole number from 0 to 1000000000.`);
}

/** One line that is written anew while the machine starts, on a screen. */
function createProgress(terminal: Terminal, quiet: boolean) {
  const live = terminal.live && !quiet;
  let told = false;
  return {
    step(subject: string, detail: string) {
      if (live) terminal.stderr.write(`\r${`starting the machine: ${subject} ${detail}`.slice(0, 78)}\x1b[K\r`);
      else if (!told && !quiet) terminal.err("starting the machine; npx tsx examples/femto.ts keeps one running");
      told = true;
    },
    note(text: string) {
      if (!quiet) terminal.err(text);
    },
  };
}

let stopping: Stopping | undefined;
const terminal = createTerminal(process.stdout, process.stderr, process.env, () => stopping?.stop(0));
stopping = watchSignals(process, { stop() {}, force() {} });
try {
  await main(terminal, stopping.signal);
} catch (error) {
  process.exitCode = statusOf(error);
  if (stopping.status === undefined) reportFailure(error, terminal, process.argv.includes("--json"));
}
if (stopping.status !== undefined) process.exit(stopping.status);
stopping[Symbol.dispose]();
