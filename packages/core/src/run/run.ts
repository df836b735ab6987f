// As a namespace: a Node that lacks the function must get as far as being told that it is too old.
import * as util from "node:util";
import { type AppArguments, type RunOptions, splitArguments } from "../describe/app-arguments.ts";
import { calledTwice, entryFile, toPath } from "./entry-file.ts";
import { isReplica } from "./environment.ts";
import { startReplica } from "./replica-late.ts";
import { noteRun } from "./uncaught.ts";

// One process runs one app file: that is what these are about, and nothing else is kept here.
let calls = 0;
/** Calls in the entry file. */
let entered = 0;
let acted = false;
let toldTwice = false;
/** What is compiled beside an app file says so, before anything else. */
const SCRIPT = Symbol.for("dev.hadron.script");
const started = isReplica(process.env);

/**
 * Runs an app: the services, and what their patterns are made of. A resource among them may be used by every service.
 * Options may stand behind them.
 *
 * It acts in the process's entry file, where it is the command line that the file then is (`up`, `call`, `plan`, … ;
 * see `--help`), and in a replica, which it makes serve. Imported, say by a test, it returns at once.
 *
 * A command ends when it is done, whatever the file holds open; what stands behind `run` has a second.
 *
 * Never rejects: what fails is shown, and is the exit status. Called twice in one entry file it is an error, WRONG_USE.
 *
 * @example
 * export const hello = service("hello", (name: string) => `Hello, ${name}!`, { expose: true });
 * await run(hello, { app: "greetings" });
 */
export async function run(...args: AppArguments<RunOptions>): Promise<void> {
  const call = ++calls;
  const { services, options } = splitArguments<RunOptions>(args);
  noteRun();
  // A worker or a child of a replica, which has its environment: it is a part of that one, and none of its own.
  if (SCRIPT in globalThis) return;
  if (started) return startReplica(services, call);
  const caller = util.getCallSites(2)[1]?.scriptName;
  const entry = entryFile();
  if (entry === undefined || caller === undefined || toPath(caller) !== entry) return;
  entered++;
  const { endSoon, runCommandLine } = await import("@hadron/core/cli");
  // Of two at once the first tells of it, before it has started anything.
  const twice = acted || entered > 1;
  acted = true;
  if (twice && toldTwice) return;
  toldTwice = twice;
  await runCommandLine({
    entry,
    services,
    options,
    runCall: call,
    argv: process.argv.slice(2),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    ...(twice ? { problem: calledTwice(entry) } : {}),
  });
  endSoon();
}
