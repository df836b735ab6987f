/**
 * The system that the figures are ratios to: jayson, its client and server over HTTP with connections kept alive. One
 * process is a server, a caller, or both, as the root of a scatter is.
 */
import { Agent } from "node:http";
import jayson from "jayson";
import { drive, serveSide } from "../harness.ts";
import { floats, gather, hello, numbers } from "./handlers.ts";

type Call = (procedure: string, params: readonly unknown[]) => Promise<any>;
type Done = (error: unknown, result?: unknown) => void;

let leaves: readonly Call[] = [];
let target: Call;

const slow = () => new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 15));

const procedures: Record<string, (...input: any[]) => unknown> = {
  hello,
  numbers,
  floats,
  slow: async () => {
    const startedAt = performance.now();
    await slow();
    return performance.now() - startedAt;
  },
  scatter: async () => gather(await Promise.all(leaves.map((leaf) => leaf("numbers", [])))),
  // The slowest leaf's own time: what the call takes beyond that, its way adds.
  scatterSlow: async () => Math.max(...((await Promise.all(leaves.map((leaf) => leaf("slow", [])))) as number[])),
};

const methods = Object.fromEntries(
  Object.entries(procedures).map(([name, procedure]) => [
    name,
    (params: unknown[], done: Done) => {
      try {
        const output = procedure(...params);
        if (output instanceof Promise) output.then((value) => done(null, value), done);
        else done(null, output);
      } catch (error) {
        done(error);
      }
    },
  ]),
);

serveSide({
  listen() {
    const server = new jayson.Server(methods).http();
    server.keepAliveTimeout = 60_000;
    return new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
  },
  leaves(ports: readonly number[]) {
    leaves = ports.map(connect);
  },
  target(port: number) {
    target = connect(port);
  },
  drive: ({ procedure, params, inFlight, ms }) => drive(() => target(procedure, params), { inFlight, ms }),
  /** What each call takes beyond the number of milliseconds that it returns. */
  added: async ({ procedure, inFlight, ms }) => {
    const added: number[] = [];
    const driven = await drive(
      async () => {
        const startedAt = performance.now();
        const own = await target(procedure, []);
        added.push(performance.now() - startedAt - own);
      },
      { inFlight, ms },
    );
    return { ...driven, latencies: added };
  },
});

function connect(port: number): Call {
  const client = jayson.Client.http({ host: "127.0.0.1", port, agent: new Agent({ keepAlive: true }) });
  return (procedure, params) =>
    new Promise((resolve, reject) => {
      client.request(
        procedure,
        params as unknown[],
        (error: unknown, answer: { error?: unknown; result?: unknown }) => {
          if (error || answer.error) reject(error ?? new Error(JSON.stringify(answer.error)));
          else resolve(answer.result);
        },
      );
    });
}
