import { Agent, request } from "node:http";
import { openHost } from "@hadron/core/cli/shared";
import { type ErrorData, fromErrorData, type Runner } from "@hadron/core/spi";
import { quiet } from "./engine.ts";

/** What became of calls that were made at a steady rate. */
export interface Outcome {
  answers: number;
  readonly failures: string[];
}

export interface Load {
  /** Makes no more calls, and waits for the last answers. */
  stop(): Promise<Outcome>;
}

/** Calls that are made at once, at most, after this process was kept from running. */
const MOST_AT_ONCE = 20;
/** Connections of a caller over HTTP. An engine's proxy of a port ends for good when its files run out, at some 3,000. */
const MOST_CONNECTIONS = 256;

/**
 * Calls so often a second, whatever becomes of the calls before. What a busy machine kept from being made in its time is not
 * made up for: seconds of calls at once are no steady load, and test the caller. A replica that says "too much, come again" is obeyed: on
 * a machine that others keep busy that says nothing of whoever replaces replicas.
 */
export function startLoad(callsPerSecond: number, call: () => Promise<unknown>): Load {
  const outcome: Outcome = { answers: 0, failures: [] };
  const open = new Set<Promise<void>>();
  const startedAt = performance.now();
  let made = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) * callsPerSecond) / 1000;
    for (made = Math.max(made, due - MOST_AT_ONCE); made < due; made++) {
      const one: Promise<void> = obeying(call)
        .then(
          () => void outcome.answers++,
          (error: Error) => void outcome.failures.push(error.message),
        )
        .finally(() => open.delete(one));
      open.add(one);
    }
  }, 5);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      return outcome;
    },
  };
}

async function obeying(call: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const { code, retryAfterMs = 100 } = error as { code?: string; retryAfterMs?: number };
      if (code !== "OVERLOADED") throw error;
      await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
    }
  }
}

/** Calls by JSON-RPC over HTTP, as a stranger does. */
export function callByHttp(
  port: number,
  method: string,
  input: unknown,
  { keepAlive = true } = {},
): { call(): Promise<unknown>; close(): void } {
  const agent = new Agent({ keepAlive, maxSockets: MOST_CONNECTIONS });
  const body = JSON.stringify({ jsonrpc: "2.0", method, params: [input], id: 1 });
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  return {
    call: () =>
      new Promise((resolve, reject) => {
        const sent = request({ host: "127.0.0.1", port, method: "POST", agent, headers }, (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => {
            text += chunk;
          });
          response.on("end", () => {
            const answer = JSON.parse(text) as { result?: unknown; error?: { message: string; data: ErrorData } };
            if (answer.error === undefined) resolve(answer.result);
            else reject(fromErrorData({ ...answer.error.data, message: answer.error.message }));
          });
        });
        sent.on("error", reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** Calls as `client.ts` does: finds the replicas by their labels. */
export async function callByLabel(
  runner: Runner,
  app: string,
  service: string,
  procedure: string | undefined,
  input: unknown,
) {
  const connected = await runner.connect(app, quiet);
  const host = await openHost(app, connected.directory);
  return {
    call: () => host.call(service, procedure, input, {}),
    async close() {
      host.close();
      await connected[Symbol.asyncDispose]();
    },
  };
}
