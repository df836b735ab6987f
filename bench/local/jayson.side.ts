/**
 * The system that the figures are ratios to: jayson, its client and server over HTTP with connections kept alive. One
 * process is a server, a caller, or both, as the root of a scatter is.
 */
import { Agent } from "node:http";
import jayson from "jayson";
import { drive, driveAdded } from "../harness-drive.ts";
import { serveSide } from "../harness-process.ts";
import { floats, gather, hello, numbers, slow } from "./handlers.ts";

type Call = (procedure: string, params: readonly unknown[]) => Promise<any>;
type Done = (error: unknown, result?: unknown) => void;

let leaves: readonly Call[] = [];
let target: Call;

const procedures: Record<string, (...input: any[]) => unknown> = {
  hello,
  numbers,
  floats,
  slow,
  scatter: async () => gather(await Promise.all(leaves.map((leaf) => leaf("numbers", [])))),
  scatterSlow: async () => Math.max(...(await Promise.all(leaves.map((leaf, index) => leaf("slow", [index]))))),
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
  driveAdded: ({ procedure, inFlight, ms }) => driveAdded(() => target(procedure, []), { inFlight, ms }),
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
