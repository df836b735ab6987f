import type { Bench, Side } from "../harness.ts";

/** One call of hello, and what is answered to it. */
const BODY = JSON.stringify({ jsonrpc: "2.0", method: "hello", params: ["Ann"], id: 1 });
const EXPECTED = JSON.stringify({ jsonrpc: "2.0", result: "Hello, Ann!", id: 1 });

/** A load generator that calls hello at a port of this machine. */
export async function startGenerator(b: Bench, port: number, connections: number): Promise<Side> {
  const side = await b.start(new URL("./generator.side.ts", import.meta.url));
  await side.ask("open", { port, connections, body: BODY, expected: EXPECTED });
  return side;
}

/** A node:http server that answers what hello would, and does nothing else. */
export async function startBareServer(b: Bench): Promise<{ readonly side: Side; readonly port: number }> {
  const side = await b.start(new URL("./drain-server.side.ts", import.meta.url), EXPECTED);
  return { side, port: await side.ask<number>("listen") };
}
