import { HadronError } from "@hadron/core";

/** Why a run waits for a person. */
export interface Divergence {
  /** `diverged`: its code does not do what its log says. `doubt`: what a step did is not known. */
  readonly kind: "diverged" | "doubt";
  /** Which of its commands, from 0. */
  readonly command: number;
  readonly message: string;
  /** Of one that diverged. */
  readonly difference?: Difference;
}

/** What a log has, and what the program came to in its place, in words. */
export interface Difference {
  readonly expected: string;
  readonly came: string;
  /** The user's line, as `file:line:column`; undefined: it is not known. */
  readonly where: string | undefined;
}

/** The program does not do what its log says. `where`: made where it was seen last. */
export function diverged(command: number, expected: string, came: string, where: Error | undefined): Divergence {
  const line = lineIn(where);
  const message =
    `The program does not do what its log says. Command ${command}: the log has ${expected}, the program came to ${came} ` +
    `(${line}). Nothing was done. Mend the code so that this run goes its old way, and resume it.`;
  const difference = { expected, came, where: LINE.test(line) ? line : undefined };
  return { kind: "diverged", command, message, difference };
}

/** The program goes on by something that no log knows of. */
export function astray(what: string): HadronError {
  return new HadronError(
    "FAILED_PRECONDITION",
    `The program came to ${what} (${lineIn(new Error())}) because of something that is not durable: a timer, a file, ` +
      "a socket. Put what it waited for before into step(name, …), so that its outcome is kept.",
  );
}

/** The program waits, and nothing can come. */
export function stuck(last: Error | undefined): HadronError {
  return new HadronError(
    "FAILED_PRECONDITION",
    `The program waits for something that is not durable, after ${lineIn(last)}: nothing that its log knows of can wake it. ` +
      "Put what it waits for into step(name, …), or wait by sleep or a hook.",
  );
}

const LINE = /:\d+:\d+$/;

/** The first line of a stack that is the user's, as `file:line:column`. */
function lineIn(error: Error | undefined): string {
  if (error === undefined) return "its beginning";
  const own = (error.stack ?? "")
    .split("\n")
    .slice(1)
    .find((frame) => !isOurs(frame));
  return /\(?([^()\s]+:\d+:\d+)\)?$/.exec(own ?? "")?.[1] ?? "an unknown line";
}

/** Frames of this package, wherever it is bundled: its functions are on the way from the user's line to here. */
function isOurs(frame: string): boolean {
  return /packages\/durable\/src\/|@hadron\/durable\/|node:internal/.test(frame);
}
