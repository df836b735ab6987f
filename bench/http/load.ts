import type { Bench, Side } from "../harness.ts";

/** What is asked, and what is answered: see the generator. */
interface Asked {
  readonly path: string;
  readonly body?: string;
  readonly expected: string | number;
}

/** A side under load from outside: so many connections, one request under way on each. */
export async function loadOf(
  b: Bench,
  port: number,
  asked: Asked,
  pids: readonly number[],
  connections = 16,
): Promise<{
  readonly run: (ms: number) => Promise<{ calls: number; ms: number; refused: number }>;
  readonly pids: readonly number[];
}> {
  const generator = await b.start(new URL("../local/generator.side.ts", import.meta.url));
  await generator.ask("open", { port, connections, ...asked });
  return { run: (ms) => generator.ask("load", { ms }), pids };
}

/** Another's server, in a process of its own. */
export async function other(
  b: Bench,
  kind: string,
  input?: unknown,
): Promise<{ readonly side: Side; readonly port: number }> {
  const side = await b.start(new URL("./others/servers.side.ts", import.meta.url));
  return { side, port: await side.ask<number>(kind, input) };
}

export function portOf(url: string): number {
  return Number(new URL(url).port);
}
