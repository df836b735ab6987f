import { createConnection, createServer, type Server, type Socket } from "node:net";
import {
  type AppStatus,
  type ErrorData,
  fromErrorData,
  HadronError,
  type LogLine,
  type Member,
  toErrorData,
} from "@hadron/core/spi";
import { LineSplitter } from "../../shared/lines.ts";
import type { Holder } from "../deployment/description.ts";

/** What another process asks of a deployment. One request a connection. */
export type ControlRequest =
  | { readonly verb: "describe" }
  | { readonly verb: "status" }
  | { readonly verb: "logs"; readonly service?: string | undefined; readonly follow: boolean }
  /** `by`: who asks, for whoever waits for it. */
  | {
      readonly verb: "scale";
      readonly service: string;
      readonly replicas: number;
      readonly by: string;
      readonly waitMs: number | undefined;
    }
  | { readonly verb: "connect" }
  | { readonly verb: "suspect"; readonly service: string; readonly name: string }
  | { readonly verb: "delete" };

/** What each request is answered by, item by item. */
export interface ControlAnswers {
  readonly describe: Holder;
  readonly status: AppStatus;
  readonly logs: LogLine;
  /** No item: it ends when it is done. */
  readonly scale: never;
  /** Members by service, whole at first, then what changes. */
  readonly connect: Readonly<Record<string, readonly Member[]>>;
  /** Why a connection broke, or null where nobody knows. */
  readonly suspect: string | null;
  /** No item: it ends when everything has ended. */
  readonly delete: never;
}

type AnswerTo<R extends ControlRequest> = ControlAnswers[R["verb"]];

/** Answers a request, item by item, until the signal aborts: the other side went away. */
export type ControlHandler = (request: ControlRequest, signal: AbortSignal) => AsyncIterable<unknown>;

type Answer<T = unknown> = { readonly item: T } | { readonly error: ErrorData } | { readonly end: true };

const LONGEST_REQUEST = 64 * 1024;

/** Serves a control socket: lines of JSON. Only its owner can reach it, by the mode of its folder. */
export async function serveControl(path: string, handle: ControlHandler): Promise<Server> {
  const server = createServer((socket) => {
    const gone = new AbortController();
    socket.on("error", () => {}); // "close" follows.
    socket.once("close", () => gone.abort());
    readLines(socket, (line) => answer(socket, line, handle, gone.signal), LONGEST_REQUEST);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  server.unref();
  return server;
}

async function answer(socket: Socket, line: string, handle: ControlHandler, signal: AbortSignal): Promise<void> {
  const write = (message: Answer) => {
    if (socket.writable) return socket.write(`${JSON.stringify(message)}\n`);
    return true;
  };
  try {
    for await (const item of handle(JSON.parse(line), signal)) {
      if (signal.aborted) return;
      if (!write({ item })) await drained(socket, signal);
    }
    write({ end: true });
  } catch (error) {
    write({ error: toErrorData(error) });
  }
  socket.end();
}

/**
 * Asks a deployment and yields its answers. Undefined items never come.
 *
 * Fails with what the other side failed with; with the system's error (`ENOENT`, `ECONNREFUSED`) where nobody listens;
 * with RUNNER_FAILED where no answer begins within `timeoutMs`, or the other side ends in the middle.
 */
export async function* ask<R extends ControlRequest>(
  path: string,
  request: R,
  options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
): AsyncGenerator<AnswerTo<R>> {
  options.signal.throwIfAborted();
  const socket = createConnection(path);
  const answers: Answer<AnswerTo<R>>[] = [];
  let failure: unknown;
  let wake = () => {};
  const fail = (error: unknown) => {
    failure ??= error;
    wake();
  };
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => fail(new HadronError("RUNNER_FAILED", `The process that has ${path} does not answer.`)),
          options.timeoutMs,
        );
  const aborted = () => fail(options.signal.reason);
  options.signal.addEventListener("abort", aborted);
  socket.on("error", fail);
  socket.on("close", () => fail(new HadronError("RUNNER_FAILED", `The process that has ${path} ended.`)));
  readLines(socket, (line) => {
    clearTimeout(timer);
    answers.push(JSON.parse(line));
    wake();
  });
  socket.write(`${JSON.stringify(request)}\n`);
  try {
    for (;;) {
      const next = answers.shift();
      if (next === undefined) {
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve) => (wake = resolve));
      } else if ("item" in next) yield next.item;
      else if ("error" in next) throw fromErrorData(next.error);
      else return;
    }
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", aborted);
    socket.destroy();
  }
}

/** The first answer to a request, or undefined where it ends without any. */
export async function askOnce<R extends ControlRequest>(
  path: string,
  request: R,
  options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
): Promise<AnswerTo<R> | undefined> {
  for await (const item of ask(path, request, options)) return item;
  return undefined;
}

function drained(socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    socket.on("drain", done);
    signal.addEventListener("abort", done);
  });
}

function readLines(socket: Socket, line: (text: string) => void, longest = Number.POSITIVE_INFINITY): void {
  const splitter = new LineSplitter();
  socket.setEncoding("utf8");
  socket.on("data", (piece: string) => {
    for (const text of splitter.push(piece)) line(text);
    if (splitter.rest.length > longest) socket.destroy();
  });
}
