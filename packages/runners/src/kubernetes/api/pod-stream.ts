import { request as httpRequest, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { HadronError, inWords } from "@hadron/core/spi";
import { pathOf } from "../objects/objects.ts";
import type { Api } from "./api.ts";

/** The part of a WebSocket of the package `ws` that is used here. */
interface Socket {
  readonly bufferedAmount: number;
  send(data: Uint8Array, sent: (error?: Error) => void): void;
  pause(): void;
  resume(): void;
  close(): void;
  terminate(): void;
  addEventListener(
    type: "close" | "error",
    listener: (event: { message?: string; code?: number; reason?: string }) => void,
  ): void;
}

const DATA = 0;
const ERROR = 1;

/**
 * One connection to a port of a pod, through the API server: its port-forward, by WebSocket, whose first byte of each
 * message names a channel. UNAVAILABLE and unsent where the pod, or the way to it, is not there, or the signal aborts.
 */
export async function openPodStream(api: Api, pod: string, port: number, signal?: AbortSignal): Promise<Duplex> {
  const { WebSocketHandler } = await import("@kubernetes/client-node/dist/web-socket-handler.js");
  const handler = new WebSocketHandler(api.toSocketConfig(signal) as never);
  let stream: PodStream | undefined;
  const early: [number, Buffer][] = [];
  const path = `${pathOf("Pod", api.namespace, pod)}/portforward?ports=${port}`;
  let socket: Socket;
  try {
    socket = (await handler.connect(path, null, (channel, data) => {
      if (stream === undefined) early.push([channel, data]);
      else stream.receive(channel, data);
      return true;
    })) as unknown as Socket;
  } catch (cause) {
    const message = inWords(cause);
    const why = /\b403\b/.test(message)
      ? `you may not create pods/portforward in namespace "${api.namespace}"`
      : message;
    throw new HadronError("UNAVAILABLE", `The pod "${pod}" cannot be reached through the cluster: ${why}.`, {
      cause,
      unsent: true,
    });
  }
  stream = new PodStream(socket, pod);
  for (const [channel, data] of early) stream.receive(channel, data);
  return stream;
}

class PodStream extends Duplex {
  readonly #socket: Socket;
  readonly #pod: string;
  /** Each channel begins with the port's number, which we know. */
  readonly #begun = [false, false];
  #isClosed = false;

  constructor(socket: Socket, pod: string) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#pod = pod;
    socket.addEventListener("close", () => {
      this.#isClosed = true;
      this.push(null);
      this.destroy();
    });
    socket.addEventListener("error", ({ message }) => this.destroy(new Error(message ?? "the connection broke")));
  }

  receive(channel: number, message: Buffer): void {
    let data = message;
    if (channel !== DATA && channel !== ERROR) return;
    if (!this.#begun[channel]) {
      this.#begun[channel] = true;
      data = data.subarray(2);
    }
    if (data.length === 0) return;
    if (channel === ERROR)
      this.destroy(new Error(`the port of pod "${this.#pod}" is not there: ${data.toString("utf8")}`));
    else if (!this.push(data)) this.#socket.pause();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#isClosed) {
      done(new Error("the connection is closed"));
      return;
    }
    const message = Buffer.allocUnsafe(chunk.length + 1);
    message[0] = DATA;
    chunk.copy(message, 1);
    // Told when it is with the system, not when it was taken: that is the back-pressure.
    this.#socket.send(message, done);
  }

  override _final(done: () => void): void {
    this.#socket.close();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#isClosed) this.#socket.terminate();
    done(error);
  }
}

/** One HTTP request to a port of a pod: what it answers, whatever its status. */
export async function askPod(
  api: Api,
  pod: string,
  request: {
    readonly port: number;
    readonly method: "GET" | "POST";
    readonly path: string;
    readonly body?: string;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly status: number; readonly body: string }> {
  const { port, method, path, body, signal } = request;
  const stream = await openPodStream(api, pod, port, signal);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = httpRequest({
        createConnection: () => stream,
        method,
        path,
        host: "localhost",
        signal,
        headers: {
          connection: "close",
          ...(body === undefined
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        },
      });
      asked.once("response", resolve).once("error", reject);
      asked.end(body);
    });
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += chunk;
    return { status: response.statusCode ?? 0, body: text };
  } finally {
    stream.destroy();
  }
}
