import type { Clock } from "../../../clock/clock.ts";
import { createSystemClock } from "../../../clock/system-clock.ts";
import { HadronError } from "../../../errors.ts";
import { isStream } from "../../pump.ts";
import type { Connection, ConnectionOptions, ConnectionState, OutgoingCall, Transport } from "../../transport.ts";
import { type CallOwner, closedHere, HttpCall } from "./call.ts";
import { type Line, type Origin, openLine } from "./line.ts";
import { toRequest } from "./message.ts";

/** Connections to one origin at the same time; further calls wait for one of them. */
const MAX_LINES = 128;

/**
 * JSON-RPC 2.0 over HTTP, as any outside caller speaks it. Addresses are URLs, `http://HOST:PORT/PATH` or `https:`, or
 * `http+unix:/path`.
 */
export function createHttpTransport(clock: Clock = createSystemClock()): Transport {
  return { connect: (address, options) => new HttpConnection(address, options, clock) };
}

class HttpConnection implements Connection, CallOwner {
  readonly #address: string;
  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #origin: Origin;
  readonly #head: string;
  readonly #lines = new Set<Line>();
  readonly #idle: Line[] = [];
  readonly #queue: HttpCall[] = [];
  readonly #underWay = new Set<HttpCall>();
  #opening = 0;
  #nextId = 1;
  inFlight = 0;
  state: ConnectionState = "open";

  constructor(address: string, options: ConnectionOptions, clock: Clock) {
    this.#clock = clock;
    this.#address = address;
    this.#options = options;
    const unix = address.startsWith("http+unix:");
    const url = new URL(unix ? "http://localhost/" : address);
    this.#origin = {
      secure: url.protocol === "https:",
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
      path: unix ? address.slice("http+unix:".length) : undefined,
    };
    const { service, replica } = options.self;
    const caller = `${service === "" ? "" : `hadron-service: ${service}\r\n`}${replica === undefined ? "" : `hadron-replica: ${replica}\r\n`}`;
    const authorization =
      url.username === ""
        ? ""
        : `authorization: Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString("base64")}\r\n`;
    this.#head = `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\naccept: application/json, application/x-ndjson\r\n${caller}${authorization}`;
  }

  call(call: OutgoingCall): Promise<unknown> {
    const { procedure, input, scope, identity } = call;
    if (scope.error !== undefined) return Promise.reject(scope.error);
    if (this.state === "closed") return Promise.reject(closedHere(this.#address, true));
    if (isStream(input)) {
      const text = `A stream cannot be sent to ${this.#address} as input: over HTTP, an input is sent whole. Send an array.`;
      return Promise.reject(new HadronError("INVALID_INPUT", text, { unsent: true }));
    }
    const id = this.#nextId++;
    let body: string;
    try {
      body = toRequest(id, procedure, input);
    } catch (error) {
      return Promise.reject(error);
    }
    const left = Number.isFinite(scope.deadlineAt) ? `hadron-timeout-ms: ${Math.ceil(scope.leftMs)}\r\n` : "";
    const trace = scope.trace === undefined ? "" : `traceparent: ${scope.trace}\r\n`;
    const meta = scope.meta === undefined ? "" : `baggage: ${scope.meta}\r\n`;
    const key = identity === undefined ? "" : `idempotency-key: ${identity.callId}\r\n`;
    const bytes = Buffer.byteLength(body);
    if (call.sizes !== undefined) call.sizes.inputBytes = bytes;
    const request = `${this.#head}${left}${trace}${meta}${key}content-length: ${bytes}\r\n\r\n${body}`;
    return new Promise((resolve, reject) => {
      this.inFlight++;
      const started = new HttpCall(this, id, request, call, resolve, reject);
      scope.add(started);
      this.#underWay.add(started);
      this.#start(started);
    });
  }

  close(): void {
    this.state = "closed";
    // None of them is to take the place of another.
    this.#queue.length = 0;
    for (const call of [...this.#underWay]) call.closed();
    for (const line of this.#lines) line.close();
    this.#lines.clear();
    this.#idle.length = 0;
  }

  get maxOutputBytes(): number {
    return this.#options.maxOutputBytes;
  }

  get address(): string {
    return this.#address;
  }

  done(call: HttpCall, line: Line | undefined, reusable: boolean): void {
    this.inFlight--;
    this.#underWay.delete(call);
    const queued = this.#queue.indexOf(call);
    if (queued >= 0) this.#queue.splice(queued, 1);
    if (line === undefined) return;
    if (!reusable) {
      line.close();
      this.#lines.delete(line);
      const next = this.#queue.shift();
      if (next !== undefined) this.#start(next);
      return;
    }
    const next = this.#queue.shift();
    if (next === undefined) this.#idle.push(line);
    else next.begin(line);
  }

  #start(call: HttpCall): void {
    for (let line = this.#idle.pop(); line !== undefined; line = this.#idle.pop()) {
      if (!line.closed && this.#clock.now() < line.reusableUntil) return call.begin(line);
      line.close();
      this.#lines.delete(line);
    }
    if (this.#lines.size + this.#opening >= MAX_LINES) {
      this.#queue.push(call);
      return;
    }
    this.#opening++;
    openLine(this.#origin, this.#options.maxOutputBytes, this.#clock).then(
      (line) => {
        this.#opening--;
        this.#lines.add(line);
        if (call.over) {
          line.close();
          this.#lines.delete(line);
        } else call.begin(line);
      },
      (error: Error) => {
        this.#opening--;
        call.failed(error, true);
      },
    );
  }
}
