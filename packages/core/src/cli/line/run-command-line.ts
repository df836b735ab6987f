import { checkOptions, RUN_OPTIONS, type RunOptions } from "../../describe/app-arguments.ts";
import type { App } from "../../describe/compose/app.ts";
import { compose } from "../../describe/compose/compose.ts";
import { findLack, toLackError } from "../../describe/features.ts";
import type { Topology } from "../../describe/topology.ts";
import { HadronError, isHadronError } from "../../errors.ts";
import { didYouMean } from "../../nearest.ts";
import type { Runner, RunnerModule } from "../../runner.ts";
import { appName } from "../command/app-name.ts";
import { type Arguments, findUnknownFlag, parseArguments, peekFlag } from "../command/arguments.ts";
import type { Captures } from "../command/captures.ts";
import { toChoices } from "../command/choices.ts";
import type { Command } from "../command/command.ts";
import type { Env } from "../command/env.ts";
import { reportFailure, statusOf } from "../command/failure.ts";
import type { Stdin } from "../command/input.ts";
import { createProgram } from "../command/program.ts";
import { toDurationMs } from "../command/values.ts";
import { type OwnProcess, type Stopping, watchSignals } from "../process/stopping.ts";
import { DEFAULT_RUNNER, flagsOfAll, installedRunners, ownFlags, type Runners } from "../runners/runners.ts";
import { quietProgress, showProgress } from "../terminal/progress.ts";
import { createTerminal, type Output, type Terminal } from "../terminal/terminal.ts";
import { COMMON_FLAGS, DEFAULT_VERB, VERBS, type Verb } from "../verbs/verbs.ts";

export interface CommandLine {
  /** The absolute path of the app file. */
  readonly entry: string;
  /** What was given to run(). */
  readonly services: readonly unknown[];
  /** The options that were given to it, not looked at yet. @default none */
  readonly options?: RunOptions;
  /** See {@link Program.runCall}. */
  readonly runCall: number;
  /** What was typed behind the file. */
  readonly argv: readonly string[];
  readonly env: Env;
  readonly stdout: Output;
  readonly stderr: Output;
  /** @default process.stdin */
  readonly stdin?: Stdin;
  /** @default the process's */
  readonly cwd?: string;
  /** @default process */
  readonly process?: OwnProcess;
  /** @default what is installed beside the app file */
  readonly runners?: Runners;
  /** Why the command cannot run at all. It is reported, and ends the process. @default none */
  readonly problem?: HadronError;
}

/**
 * Runs the command line of an app file, and sets the process's exit status, which it returns: 0 done, 1 failed, 2 wrong
 * use, 130 Ctrl-C, 143 SIGTERM. Never rejects: what fails is shown on stderr.
 */
export async function runCommandLine(line: CommandLine): Promise<number> {
  const own = line.process ?? process;
  const json = line.argv.includes("--json");
  let stopping: Stopping | undefined;
  const terminal = createTerminal(line.stdout, line.stderr, line.env, () => stopping?.stop(0));
  let quiet = true;
  let status: number;
  try {
    if (line.problem !== undefined) throw line.problem;
    stopping = watchSignals(own, {
      stop: () => (json || quiet ? undefined : terminal.err("Stopping; Ctrl-C again ends it at once.")),
      force: () => (json ? undefined : terminal.err("Ended at once; what was being removed may be left.")),
    });
    status = await execute(line, terminal, stopping, (verb) => {
      quiet = verb.quiet;
    });
  } catch (error) {
    status = statusOf(error);
    // Ctrl-C ends helpers of ours as well: what they leave behind may be heard of before the signal itself.
    await new Promise((resolve) => setImmediate(resolve));
    // What fails because it was told to stop is no failure of its own.
    if (stopping?.status === undefined || !isConsequence(error)) reportFailure(error, terminal, json);
  }
  status = stopping?.status ?? status;
  stopping?.[Symbol.dispose]();
  own.exitCode = status;
  // After Ctrl-C nothing that stands behind run() in the file is wanted any more, and nothing that hangs.
  if (line.problem !== undefined || stopping?.status !== undefined) own.exit(status);
  return status;
}

async function execute(
  line: CommandLine,
  terminal: Terminal,
  stopping: Stopping,
  chosen: (verb: Verb) => void,
): Promise<number> {
  const { argv, entry, env } = line;
  const named = peekFlag(argv, "runner");
  const runnerName = named ?? DEFAULT_RUNNER;
  const runners = line.runners ?? installedRunners(entry);
  // Only what is installed can name its flags; that no runner is, is said when one is needed.
  const isThere = named !== undefined || runners.has(runnerName);
  // The verb's code comes along while the runner is loaded, which is most of the time that `call` takes here.
  const guess = VERBS.find(({ name }) => argv.includes(name)) ?? DEFAULT_VERB;
  const [loaded] = await Promise.all([isThere ? runners.load(runnerName) : undefined, guess.load()]);
  const verbs = await findVerbs(argv, line.services);
  const { verb, words, flags } = await readVerb(argv, runnerName, loaded, runners, verbs);

  if (flags.version !== undefined) {
    const { version } = await import("./version.ts");
    terminal.out(await version());
    return 0;
  }
  const cwd = line.cwd ?? process.cwd();
  if (flags.help !== undefined) {
    const { renderHelp } = await import("./help.ts");
    const { commandOf } = await import("../terminal/command-of.ts");
    const command = commandOf(entry, cwd);
    const { columns } = terminal;
    const shown = verb === undefined && named === undefined ? [] : (loaded?.flags ?? []);
    terminal.out(await renderHelp({ verb, verbs, command, runners, runner: runnerName, flags: shown, columns }));
    return 0;
  }

  const { load: loadVerb, quiet } = verb ?? DEFAULT_VERB;
  chosen(verb ?? DEFAULT_VERB);
  const { options = {} } = line;
  checkOptions("run", options, RUN_OPTIONS);
  const name = appName(entry, flags.app, options.app);
  const app = compose(name, line.services, toChoices(flags, env), options.kubernetes);
  const json = flags.json !== undefined;
  const progress = quiet || json ? quietProgress : showProgress(terminal);
  let runner: Runner | undefined;
  const captures = await findCaptures(app, verb ?? DEFAULT_VERB, flags.recapture);
  const command: Command = {
    app,
    entry,
    env,
    cwd,
    words,
    flags,
    json,
    terminal,
    stdin: line.stdin ?? process.stdin,
    stopping,
    context: {
      signal: stopping.signal,
      progress,
      waitMs: flags.wait === undefined ? undefined : toDurationMs("wait", flags.wait),
    },
    progressDone: () => progress.done(),
    captured: () => captures?.changes ?? [],
    async program(needsSecrets) {
      await refuseWhatLacks(app.topology, runnerName, await command.module(), runners);
      return createProgram(
        { app, entry, packages: options, runCall: line.runCall, env, cwd, capturing: captures },
        needsSecrets,
      );
    },
    module: async () => loaded ?? (await runners.load(runnerName)),
    async runner() {
      if (runner === undefined) {
        const module = await command.module();
        runner = module.createRunner({
          flags: ownFlags(flags, module),
          explicitApp: flags.app !== undefined,
          env,
          entry,
        });
      }
      return runner;
    },
  };
  try {
    return await (await loadVerb())(command);
  } finally {
    progress.done();
  }
}

/** What computes the captured values of this command; undefined where there are none. */
async function findCaptures({ captures }: App, verb: Verb, again: string | undefined): Promise<Captures | undefined> {
  if (captures.length === 0 && again === undefined) return undefined;
  const { Captures } = await import("../command/captures.ts");
  return new Captures({ definitions: captures, isPlan: verb.name === "plan", again: again?.split(",") ?? [] });
}

/** WRONG_USE where the app asks for what the runner cannot do. Others are asked only then. */
async function refuseWhatLacks(
  topology: Topology,
  runner: string,
  { provides }: RunnerModule,
  runners: Runners,
): Promise<void> {
  const lack = findLack(topology, provides);
  if (lack === undefined) return;
  const others = await Promise.all(
    runners.names().map(async (name) => ({ name, provides: (await runners.places(name)).provides })),
  );
  throw toLackError(lack, `the ${runner} runner`, others);
}

/** All verbs of this file: its resources bring some. Those are looked for where the first word names none of ours. */
async function findVerbs(argv: readonly string[], services: readonly unknown[]): Promise<readonly Verb[]> {
  const first = argv.find((word) => !word.startsWith("-"));
  const isHelp = argv.some((word) => word === "--help" || word === "-h");
  if (first === undefined ? !isHelp : VERBS.some(({ name }) => name === first)) return VERBS;
  const { findResourceVerbs } = await import("../verbs/resource-verbs.ts");
  return [...VERBS, ...findResourceVerbs(services)];
}

/** Finds the verb, and checks that its words and flags are its own. `verb` is undefined where none was given. */
async function readVerb(
  argv: readonly string[],
  runnerName: string,
  module: RunnerModule | undefined,
  runners: Runners,
  verbs: readonly Verb[],
): Promise<Arguments & { readonly verb: Verb | undefined }> {
  const shared = [...COMMON_FLAGS, ...(module?.flags ?? []), { name: "version", help: "" }];
  const known = [...shared, ...verbs.flatMap((verb) => verb.flags)];
  const unknown = findUnknownFlag(argv, known);
  if (unknown !== undefined) await refuseOthersFlag(unknown, runnerName, runners);
  const { words, flags } = parseArguments(argv, known);
  const [name = DEFAULT_VERB.name, ...rest] = words;
  const verb = verbs.find((verb) => verb.name === name);
  if (verb === undefined) {
    const names = verbs.map((verb) => verb.name);
    throw new HadronError(
      "WRONG_USE",
      `There is no verb "${name}".${didYouMean(name, names)} There are ${names.join(", ")}; see --help.`,
    );
  }
  const own = [...shared, ...verb.flags].map((flag) => flag.name);
  const alien = Object.keys(flags).find((flag) => !own.includes(flag));
  if (alien !== undefined) {
    const others = verbs.filter(({ flags }) => flags.some((flag) => flag.name === alien)).map(({ name }) => name);
    throw new HadronError("WRONG_USE", `--${alien} is a flag of ${others.join(" and ")}, not of ${verb.name}.`);
  }
  if (rest.length > verb.mostWords && flags.help === undefined) {
    const usage = `${verb.name} ${verb.words}`.trimEnd();
    throw new HadronError("WRONG_USE", `"${rest[verb.mostWords]}" is too much: it is ${usage}.`);
  }
  return { verb: words.length === 0 ? undefined : verb, words: rest, flags };
}

/** WRONG_USE for a flag that only other runners have. */
async function refuseOthersFlag(name: string, runner: string, runners: Runners): Promise<void> {
  const owned = (await flagsOfAll(runners)).find(({ flag }) => flag.name === name);
  if (owned === undefined) return;
  throw new HadronError(
    "WRONG_USE",
    `--${name} is a flag of ${owned.runners.join(" and ")}, not of ${runner}: add --runner=${owned.runners[0]}.`,
  );
}

/** Whether an error can come of being told to stop. What is no error of ours is a defect, and shows even then. */
function isConsequence(error: unknown): boolean {
  return isHadronError(error) || (error instanceof Error && error.name === "AbortError");
}
