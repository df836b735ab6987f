import { compose } from "../../describe/compose.ts";
import { HadronError, isHadronError } from "../../errors.ts";
import { didYouMean } from "../../nearest.ts";
import type { Runner, RunnerModule } from "../../runner.ts";
import { appName } from "../command/app-name.ts";
import { type Arguments, parseArguments, peekFlag } from "../command/arguments.ts";
import type { Command, Env } from "../command/command.ts";
import { reportFailure, statusOf } from "../command/failure.ts";
import type { Stdin } from "../command/input.ts";
import { createProgram } from "../command/program.ts";
import { type OwnProcess, type Stopping, watchSignals } from "../process/stopping.ts";
import { checkRunnerName, loadRunner, resolveRunner } from "../runners/load-runner.ts";
import { quietProgress, showProgress } from "../terminal/progress.ts";
import { createTerminal, type Output, type Terminal } from "../terminal/terminal.ts";
import { COMMON_FLAGS, VERBS, type Verb } from "../verbs/verbs.ts";

export interface CommandLine {
  /** The absolute path of the app file. */
  readonly entry: string;
  /** What was given to run(). */
  readonly services: readonly unknown[];
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
  /** @default loads `@hadron/runners/NAME` */
  readonly loadRunner?: (name: string, entry: string) => Promise<RunnerModule>;
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
  const runnerName = checkRunnerName(peekFlag(argv, "runner") ?? "local");
  const load = line.loadRunner ?? loadRunner;
  // Only what is installed can name its flags; that it is not is said when it is needed.
  const isThere = line.loadRunner !== undefined || resolveRunner(runnerName, entry) !== undefined;
  // The verb's code comes along while the runner is loaded, which is most of the time that `call` takes here.
  const guess = VERBS.find((one) => argv.includes(one.name)) ?? VERBS[0]!;
  const [module] = await Promise.all([isThere ? load(runnerName, entry) : undefined, guess.load()]);
  const { verb, words, flags } = readVerb(argv, module);

  if (flags.version !== undefined) {
    const { version } = await import("./version.ts");
    terminal.out(await version());
    return 0;
  }
  const cwd = line.cwd ?? process.cwd();
  if (flags.help !== undefined) {
    const { commandOf, renderHelp } = await import("./help.ts");
    const command = commandOf(entry, cwd);
    terminal.out(renderHelp({ verb, command, runner: runnerName, runnerFlags: module?.flags ?? [] }));
    return 0;
  }

  const { load: loadVerb, quiet } = verb ?? VERBS[0]!;
  chosen(verb ?? VERBS[0]!);
  const app = compose(appName(entry, flags.app), line.services);
  const json = flags.json !== undefined;
  const progress = quiet || json ? quietProgress : showProgress(terminal);
  let runner: Runner | undefined;
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
    context: { signal: stopping.signal, progress },
    progressDone: () => progress.done(),
    program: (needsSecrets) => createProgram({ app, entry, runCall: line.runCall, env }, needsSecrets),
    async runner() {
      runner ??= (module ?? (await load(runnerName, entry))).createRunner({
        flags: Object.fromEntries(
          module?.flags.flatMap(({ name }) => (name in flags ? [[name, flags[name]!]] : [])) ?? [],
        ),
        explicitApp: flags.app !== undefined,
        env,
      });
      return runner;
    },
  };
  try {
    return await (await loadVerb())(command);
  } finally {
    progress.done();
  }
}

/** Finds the verb, and checks that its words and flags are its own. `verb` is undefined where none was given. */
function readVerb(
  argv: readonly string[],
  module: RunnerModule | undefined,
): Arguments & { readonly verb: Verb | undefined } {
  const runnerFlags = module?.flags ?? [];
  const shared = [...COMMON_FLAGS, ...runnerFlags, { name: "version", help: "" }];
  const { words, flags } = parseArguments(argv, [...shared, ...VERBS.flatMap((one) => one.flags)]);
  const [name = "up", ...rest] = words;
  const verb = VERBS.find((one) => one.name === name);
  if (verb === undefined) {
    const names = VERBS.map((one) => one.name);
    throw new HadronError(
      "WRONG_USE",
      `There is no verb "${name}".${didYouMean(name, names)} There are ${names.join(", ")}; see --help.`,
    );
  }
  const own = [...shared, ...verb.flags].map((flag) => flag.name);
  const alien = Object.keys(flags).find((flag) => !own.includes(flag));
  if (alien !== undefined) {
    const others = VERBS.filter((one) => one.flags.some((flag) => flag.name === alien)).map((one) => one.name);
    throw new HadronError("WRONG_USE", `--${alien} is a flag of ${others.join(" and ")}, not of ${verb.name}.`);
  }
  if (rest.length > verb.mostWords && flags.help === undefined) {
    const usage = `${verb.name} ${verb.words}`.trimEnd();
    throw new HadronError("WRONG_USE", `"${rest[verb.mostWords]}" is too much: it is ${usage}.`);
  }
  return { verb: words.length === 0 ? undefined : verb, words: rest, flags };
}

/** Whether an error can come of being told to stop. What is no error of ours is a defect, and shows even then. */
function isConsequence(error: unknown): boolean {
  return isHadronError(error) || (error instanceof Error && error.name === "AbortError");
}
