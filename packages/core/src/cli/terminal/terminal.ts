import type { Env } from "../command/env.ts";

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

/** How wide text for people is where nobody says how wide the screen is. */
const PAGE_COLUMNS = 100;

/** Results on stdout, everything else on stderr. */
export interface Terminal {
  /** A line of the result. */
  out(line: string): void;
  /** A line beside it. */
  err(line: string): void;
  readonly stderr: Output;
  /** How wide stdout is; {@link PAGE_COLUMNS} where it is no screen. */
  readonly columns: number;
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
    get columns() {
      return stdout.columns || PAGE_COLUMNS;
    },
    live: stderr.isTTY === true && env.TERM !== "dumb",
    paint: painter(hasColours(stderr, env)),
    paintOut: painter(hasColours(stdout, env)),
  };
}

/**
 * NO_COLOR is https://no-color.org: whatever its value, unless that is empty. FORCE_COLOR says so where there is no screen,
 * and wins, as it does in Node; 0 and false are its ways to say no.
 */
function hasColours(stream: Output, { FORCE_COLOR: force, NO_COLOR: none, TERM: term }: Env): boolean {
  if (force !== undefined) return force !== "0" && force !== "false";
  return stream.isTTY === true && !none && term !== "dumb";
}
