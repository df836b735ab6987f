import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

type Request = { readonly id: number; readonly name: string; readonly input: unknown };
type Answer = { readonly id: number; readonly output?: unknown; readonly error?: string };

/** For whoever looks for the reason of a ratio, e.g. `--cpu-prof --cpu-prof-dir=DIR`. */
export const extraFlags = process.env.BENCH_NODE_FLAGS?.split(" ") ?? [];

/** A process of a bench, which does what it is asked to. */
export interface Side {
  readonly pid: number;
  /** Rejects if the side fails, or dies. */
  ask<T>(name: string, input?: unknown): Promise<T>;
  close(): Promise<void>;
}

/** What a side's program does: answers what the bench asks. It ends with the bench, however that ends. */
export function serveSide(commands: Readonly<Record<string, (input: any) => unknown>>): void {
  process.on("disconnect", () => process.exit());
  // By itself, so that profiles are written.
  process.on("SIGTERM", () => process.exit());
  process.on("message", async ({ id, name, input }: Request) => {
    let answer: Answer;
    try {
      answer = { id, output: await commands[name]!(input) };
    } catch (error) {
      answer = { id, error: error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error) };
    }
    process.send?.(answer);
  });
  process.send?.("serving");
}

/** Starts a side, and waits until it serves. */
export async function startSide(file: URL, args: readonly string[]): Promise<Side> {
  const child = spawn(process.execPath, [...extraFlags, file.pathname, ...args], { stdio: ["ignore", 2, 2, "ipc"] });
  const dead = new Promise<never>((_, reject) => {
    child.once("exit", (code, signal) => reject(new Error(`${file.pathname} ended: ${signal ?? `exit code ${code}`}`)));
  });
  dead.catch(() => {});
  await Promise.race([once(child, "message"), dead]);
  const waiting = new Map<number, (answer: Answer) => void>();
  let nextId = 1;
  child.on("message", (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  return {
    pid: child.pid!,
    async ask<T>(name: string, input?: unknown): Promise<T> {
      const id = nextId++;
      const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
      child.send({ id, name, input } satisfies Request);
      const { output, error } = await Promise.race([answered, dead]);
      if (error !== undefined) throw new Error(`${file.pathname} could not ${name}: ${error}`);
      return output as T;
    },
    close: () => endProcess(child),
  };
}

/** Ends a process: asks first, then does not ask. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 2000);
  await gone;
  clearTimeout(timer);
}
