import type { Bench, Side } from "../harness.ts";

const FILE = new URL("./jayson.side.ts", import.meta.url);

/** A jayson server, alone. */
export async function startJayson(b: Bench): Promise<{ readonly side: Side; readonly port: number }> {
  const side = await b.start(FILE);
  return { side, port: await side.ask<number>("listen") };
}

/** A jayson caller and its server. */
export async function startJaysonPair(b: Bench): Promise<{ readonly caller: Side; readonly pids: readonly number[] }> {
  const server = await startJayson(b);
  const caller = await b.start(FILE);
  await caller.ask("target", server.port);
  return { caller, pids: [caller.pid, server.side.pid] };
}

export interface JaysonTree {
  readonly caller: Side;
  readonly pids: readonly number[];
  close(): Promise<unknown>;
}

/** A jayson caller, a root, and leaves: a process each. `perProcess` of the leaves share one. */
export async function startJaysonTree(b: Bench, leaves: number, perProcess = 1): Promise<JaysonTree> {
  const servers = await Promise.all(Array.from({ length: leaves }, () => startJayson(b)));
  const root = await startJayson(b);
  const ports = servers.flatMap(({ port }) => new Array<number>(perProcess).fill(port));
  await root.side.ask("leaves", ports);
  const caller = await b.start(FILE);
  await caller.ask("target", root.port);
  const all = [caller, root.side, ...servers.map(({ side }) => side)];
  return { caller, pids: all.map(({ pid }) => pid), close: () => Promise.all(all.map((side) => side.close())) };
}
