import { connect, type Socket } from "node:net";
import type { Clock } from "../../../clock/clock.ts";
import { type HttpResponse, type PieceTaker, ResponseParser } from "./response-parser.ts";

export interface Origin {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Of a Unix socket; undefined for TCP. */
  readonly path: string | undefined;
}

export interface LineEvents {
  /** An answer begins. What this returns takes its body piece by piece; else it is collected. */
  begun(headers: ReadonlyMap<string, string>): PieceTaker | undefined;
  /** The answer to what was sent. The line may be used again, if `reusable`. */
  answered(response: HttpResponse, reusable: boolean): void;
  /** The connection failed; `unsent` if nothing was handed to it yet. */
  failed(error: Error, unsent: boolean): void;
}

/** One connection, on which one request at a time is under way. */
export class Line {
  readonly #clock: Clock;
  readonly #socket: Socket;
  readonly #parser: ResponseParser;
  #events: LineEvents | undefined;
  #connected = false;
  #waiting: string | Buffer | undefined;
  /** Until when it may be used again, on its clock. */
  reusableUntil = 0;

  constructor(socket: Socket, readyEvent: "connect" | "secureConnect", maxBodyBytes: number, clock: Clock) {
    this.#clock = clock;
    this.#socket = socket;
    this.#parser = new ResponseParser(maxBodyBytes, (headers) => this.#events?.begun(headers));
    socket.setNoDelay(true);
    socket.once(readyEvent, () => {
      this.#connected = true;
      if (this.#waiting !== undefined) socket.write(this.#waiting);
      this.#waiting = undefined;
    });
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("end", () => {
      const last = this.#parser.end();
      if (last !== undefined) this.#answered(last, false);
      else this.#fail(new Error("the connection was closed before the answer came"));
    });
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the connection was closed")));
  }

  /** Whether anything can have been sent. */
  get connected(): boolean {
    return this.#connected;
  }

  get closed(): boolean {
    return this.#socket.destroyed || this.#socket.readyState === "closed" || this.#socket.readableEnded;
  }

  send(request: string | Buffer, events: LineEvents): void {
    this.#events = events;
    this.#socket.ref();
    if (this.#connected) this.#socket.write(request);
    else this.#waiting = request;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection. Whoever waits for an answer is not told. */
  close(): void {
    this.#events = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    let response: HttpResponse | undefined;
    try {
      response = this.#parser.push(chunk);
    } catch (error) {
      this.#fail(error as Error);
      this.#socket.destroy();
      return;
    }
    if (response !== undefined) this.#answered(response, !response.closes);
  }

  #answered(response: HttpResponse, reusable: boolean): void {
    const events = this.#events;
    if (events === undefined) {
      this.#socket.destroy(); // An answer to nothing: this peer cannot be trusted to keep order.
      return;
    }
    this.#events = undefined;
    // An idle line keeps no process alive.
    this.#socket.unref();
    if (!reusable) this.#socket.destroy();
    this.reusableUntil = this.#clock.now() + Math.max(0, (response.keepAliveSeconds ?? 5) * 1000 - 1000);
    events.answered(response, reusable);
  }

  #fail(error: Error): void {
    const events = this.#events;
    this.#events = undefined;
    events?.failed(error, !this.#connected);
  }
}

/** Opens a connection to an origin. TLS is loaded where it is used. */
export async function openLine(origin: Origin, maxBodyBytes: number, clock: Clock): Promise<Line> {
  if (!origin.secure) {
    const socket = origin.path === undefined ? connect(origin.port, origin.host) : connect(origin.path);
    return new Line(socket, "connect", maxBodyBytes, clock);
  }
  const tls = await import("node:tls");
  const socket = tls.connect({
    host: origin.host,
    port: origin.port,
    servername: origin.host,
    ALPNProtocols: ["http/1.1"],
  });
  return new Line(socket, "secureConnect", maxBodyBytes, clock);
}
