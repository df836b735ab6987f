import { readFileSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { lineOf, unusedSites, userFrames } from "../declare/site.ts";
import { HadronError, inWords, isHadronError, toErrorData } from "../errors.ts";
import { endUnserved } from "./early-end.ts";
import { entryFile, toPath } from "./entry-file.ts";
import { isReplica, readEnvironment } from "./environment.ts";
import { refuse } from "./replica-late.ts";

/**
 * What becomes of an app file that ends before its run(): by an error, or because it calls none. Loaded with the package,
 * since the first declaration may be the one that fails. Who catches uncaught errors himself, as a test runner, is left alone.
 */
const INSTALLED = Symbol.for("dev.hadron.uncaught");
const STDERR = 2;
const STDOUT = 1;

let hasRun = false;

/** From here on run() answers for what happens. */
export function noteRun(): void {
  hasRun = true;
  process.off("uncaughtException", refuseToServe);
}

// Once a process, however many copies of the package it loads.
if (!Object.hasOwn(process, INSTALLED)) {
  Object.defineProperty(process, INSTALLED, { value: true });
  if (isReplica(process.env)) {
    process.on("uncaughtException", refuseToServe);
    process.on("SIGTERM", endUnserved);
  } else {
    process.on("uncaughtExceptionMonitor", showInsteadOfNode);
    process.on("beforeExit", complainOfNoRun);
  }
}

/** Node shows a trace of what is inside of us, and all fields of the error. A user wants the message, and a line of theirs. */
function showInsteadOfNode(error: unknown): void {
  if (process.listenerCount("uncaughtException") > 0 || process.hasUncaughtExceptionCaptureCallback()) return;
  if (!isMainThread()) return;
  const isDeclaration = isHadronError(error) && error.code === "INVALID_DECLARATION";
  if (!isDeclaration && (hasRun || !isInAppFile(error))) return;
  const role = isDeclaration ? "" : `${basename(entryFile() ?? "")} failed before its run(), while deploying.\n\n`;
  writeSync(STDERR, `${role}${toText(error)}\n`);
  process.exit(1);
}

/** Asked late: a replica, which never asks, is spared the module. */
function isMainThread(): boolean {
  return process.getBuiltinModule("node:worker_threads").isMainThread;
}

/** Whether it went through this process's entry file, and that file is an app's. */
function isInAppFile(error: unknown): boolean {
  const entry = entryFile();
  if (entry === undefined || !(error instanceof Error)) return false;
  if (!userFrames(error.stack ?? "").some(({ place }) => fileOf(place) === entry)) return false;
  // The text has to say it: an error may come before anything is declared, and imports tell nothing about themselves.
  return unusedSites().length > 0 || /\brun\s*\(/.test(readFileSync(entry, "utf8"));
}

/** A replica, and whoever checks whether there could be one, is asked for a line that says what is wrong and where. */
function refuseToServe(error: unknown): void {
  noteRun();
  const { check, service, ordinal } = readEnvironment(process.env);
  const role = check ? `when it is checked as a replica of "${service}"` : `as replica ${ordinal} of "${service}"`;
  const refusal = new HadronError("RUNNER_FAILED", `The app file fails before its run(), ${role}: ${toText(error)}`);
  if (check) {
    writeSync(STDOUT, `${JSON.stringify({ error: toErrorData(refusal) })}\n`);
    process.exit(1);
  }
  refuse(refusal);
}

function complainOfNoRun(): void {
  const entry = entryFile();
  // A test's file may declare to look at types alone.
  if (hasRun || entry === undefined || process.env.NODE_TEST_CONTEXT !== undefined || !isMainThread()) return;
  const line = unusedSites()
    .map((site) => lineOf(site))
    .find((place) => place !== undefined && fileOf(place) === entry);
  if (line === undefined) return;
  writeSync(
    STDERR,
    `WRONG_USE: ${basename(entry)} declares services (the first at ${line}) and ends without a run(), so that nothing runs. ` +
      "End it with await run(myService); or start it with the file that calls run().\n",
  );
  process.exitCode = 2;
}

/** The message and the user's frames, of the error and of what caused it. */
function toText(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${inWords(error)}`;
  const name = isHadronError(error) ? error.code : error.name;
  const frames = userFrames(error.stack ?? "").map(({ text }) => `\n    ${text}`);
  const cause = error.cause === undefined ? "" : `\n  because: ${toText(error.cause)}`;
  return `${name}: ${error.message}${frames.join("")}${cause}`;
}

/** Without line and column. */
function fileOf(place: string): string {
  return toPath(decodeURI(place.replace(/:\d+:\d+$/, "")));
}
