import type { Env } from "../command/command.ts";

/** A stream that is written to: process.stdout, or what a test gives. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  on?(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
}

const COLOURS = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, bold: 1, dim: 2 } as const;
export type Colour = keyof typeof COLOURS;

/** Results on stdout, everything else on stderr. */
export interface Terminal {
  /** A line of the result. */
  out(line: string): void;
  /** A line beside it. */
  err(line: string): void;
  readonly stderr: Output;
  /** Whether stderr is a screen whose lines can be written anew. */
  readonly live: boolean;
  /** Paints text for stderr, where that shows colours. */
  paint(colour: Colour, text: string): string;
  /** The same for stdout. */
  paintOut(colour: Colour, text: string): string;
}

/**
 * `readerGone` is called when nobody reads stdout any more, as after `| head -1`: that is no failure, there is just
 * nothing left to do. stderr without a reader is given up silently: a deployment must not end for it.
 */
export function createTerminal(stdout: Output, stderr: Output, env: Env, readerGone: () => void): Terminal {
  const colours = (stream: Output) => stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  const painter = (on: boolean) => (colour: Colour, text: string) =>
    on ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text;
  let outGone = false;
  let errGone = false;
  const outFailed = (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (!outGone) readerGone();
    outGone = true;
  };
  const errFailed = (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    errGone = true;
  };
  // The listeners stay: an EPIPE may come after the last write has returned.
  stdout.on?.("error", outFailed);
  stderr.on?.("error", errFailed);
  return {
    out: (line) => void (outGone || stdout.write(`${line}\n`)),
    err: (line) => void (errGone || stderr.write(`${line}\n`)),
    stderr,
    live: stderr.isTTY === true && env.TERM !== "dumb",
    paint: painter(colours(stderr)),
    paintOut: painter(colours(stdout)),
  };
}
