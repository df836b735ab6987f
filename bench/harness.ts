/** What benches are written with: see README.md. */
import { type AppOptions, type BenchApp, startApp } from "./harness-app.ts";
import { type Side, startSide } from "./harness-process.ts";
import { type CompareOptions, compare, type Load, type Rounds } from "./harness-rounds.ts";
import { type Row, toTable } from "./harness-table.ts";

export type { BenchApp } from "./harness-app.ts";
export type { Driven } from "./harness-drive.ts";
export type { Side } from "./harness-process.ts";
export { median, type Rounds, type Sample } from "./harness-rounds.ts";

/** All of a bench is over by then, or it has broken. */
const LIMIT_MS = 100_000;

export interface Bench {
  /** Starts a side: a program that calls {@link serveSide}. It ends with the bench. */
  start(file: URL, ...args: readonly string[]): Promise<Side>;
  /** Bundles an app file and starts its replicas. They end with the bench. */
  app(file: URL, options: AppOptions): Promise<BenchApp>;
  /** Warms the sides up and runs them in turn. */
  compare<Name extends string>(sides: Readonly<Record<Name, Load>>, options?: CompareOptions): Promise<Rounds<Name>>;
  /** Ends with the bench, in reverse order. */
  defer(close: () => unknown): void;
  row(row: Row): void;
  /** A line below the table. */
  note(text: string): void;
}

/** Runs a bench and prints its table. Exit status 1 if a side breaks. */
export async function bench(title: string, body: (bench: Bench) => Promise<void>): Promise<void> {
  const rows: Row[] = [];
  const notes: string[] = [];
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  let stopping = false;
  const stop = async (status: number, why?: unknown) => {
    // What is ended fails, too: that is no news.
    if (stopping) return;
    stopping = true;
    if (why !== undefined) console.error(why);
    await close();
    process.exit(status);
  };
  process.once("SIGINT", () => void stop(130));
  process.once("SIGTERM", () => void stop(143));
  setTimeout(() => void stop(1, `"${title}" was not done after ${LIMIT_MS / 1000} s.`), LIMIT_MS).unref();

  const keep = async <T extends { close(): unknown }>(making: Promise<T>): Promise<T> => {
    const made = await making;
    closers.push(() => made.close());
    return made;
  };
  try {
    await body({
      start: (file, ...args) => keep(startSide(file, args)),
      app: (file, options) => keep(startApp(file, options)),
      async compare(sides, options) {
        const rounds = await compare(sides, options);
        for (const [name, calls] of rounds.refused())
          notes.push(`${calls} calls to "${name}" were answered OVERLOADED, and are not counted.`);
        return rounds;
      },
      defer: (closer) => closers.push(closer),
      row: (row) => rows.push(row),
      note: (text) => notes.push(text),
    });
  } catch (error) {
    await stop(1, new Error(`"${title}" broke.`, { cause: error }));
    return;
  }
  console.log([title, "", toTable(rows), ...notes.flatMap((note) => ["", note])].join("\n"));
  await stop(0);
}
