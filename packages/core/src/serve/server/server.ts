import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { within } from "../../clock/within.ts";
import type { Log } from "../../declare/types.ts";
import { inWords } from "../../errors.ts";
import type { Metric } from "../../metric.ts";
import { HttpConnections } from "../../transport/http/connections.ts";
import { listen } from "../../transport/http/listen.ts";
import type { Route } from "../../transport/http/route.ts";
import { createHttpServer, type HttpTimes } from "../../transport/http/server.ts";
import { createRpcRoute } from "../../transport/json-rpc/server/open.ts";
import {
  acceptMux,
  MOST_ANNOUNCED_BYTES,
  MOST_BUFFERED_BYTES,
  type MuxServerConnection,
  wantsMux,
} from "../../transport/mux/index.ts";
import type { Dispatcher } from "../../transport/transport.ts";
import { createWebRoutes } from "../../transport/web/server/open.ts";
import { traceOf } from "../../values/trace-of.ts";
import { Http2Door } from "./http2-door.ts";
import { OpenRequests } from "./open-requests.ts";

/** How long peers, and callers over HTTP, may take to part from a server that is done. */
const FAREWELL_MS = 1000;

/** Nobody waits to be accepted when so many turns in a row accepted nobody. */
const QUIET_TURNS = 3;

/** What {@link createServer} needs. */
export interface ServerOptions {
  /** Takes the calls, whatever they come over. */
  readonly dispatcher: Dispatcher;
  /** Resolves when no call is at work. */
  readonly idle: () => Promise<void>;
  /** The OpenRPC document that answers `rpc.discover`. */
  readonly discover: () => unknown;
  /** Told of a route that threw. @default nobody */
  readonly log?: Pick<Log, "error"> | undefined;
  readonly times?: HttpTimes | undefined;
}

/**
 * The one server: of replicas, of what stands before them, and of pages. It takes calls as JSON-RPC by POST to `/` and as
 * `hadron/1` after an Upgrade, answers routes, and parts from its callers without losing a call.
 */
export interface Server {
  /** The metrics of its connections. */
  metrics(): Iterable<Metric>;
  /**
   * Listens at an address `unix:/path` or `tcp:HOST:PORT`, and returns it with the port filled in. RUNNER_FAILED where the
   * address is not to be had.
   */
  listen(address: string, options?: DoorOptions): Promise<string>;
  /** Listens in the same way, for connections that somebody looks at first, such as to put them to a {@link Door}. */
  accept(address: string, take: (socket: Socket) => void): Promise<string>;
  /** A door without an address: for connections that somebody else accepted. */
  createDoor(options?: DoorOptions): Door;
  /** Serves on as before, but connections of callers over HTTP end with their next answer. */
  leave(): void;
  /**
   * I5: what was accepted is finished. Tells callers to go elsewhere, waits until the last call and the last route have
   * answered, at most `drainMs`, and closes. Returns whether all were answered.
   *
   * @param over Called once no call is at work, or the time is over: while answers may still be on their way out.
   */
  drain(drainMs: number, over?: () => void): Promise<boolean>;
  readonly draining: boolean;
}

/** What is behind one address of a server. */
export interface DoorOptions {
  /** Beside JSON-RPC; of this address alone: what one shows, another need not. @default none */
  readonly routes?: readonly Route[];
  /** Whether outside callers come here: they speak HTTP, and never the protocol of replicas, in which a caller says who it is. @default false */
  readonly exposed?: boolean;
  /**
   * The procedure whose inputs are requests of HTTP: it takes every one that comes here, in place of JSON-RPC and of all that
   * no other route is for. @default none
   */
  readonly web?: string | undefined;
  /** The paths below which it is asked, beside JSON-RPC. @default everywhere, in its place */
  readonly webPaths?: readonly string[] | undefined;
}

/** Takes connections that were accepted elsewhere. */
export interface Door {
  take(socket: Duplex): void;
  /** The same, of one that speaks HTTP/2. */
  takeHttp2(socket: Duplex): void;
}

/** Makes a server that listens nowhere yet. */
export function createServer(options: ServerOptions): Server {
  return new RoutingServer(options);
}

class RoutingServer implements Server {
  readonly #options: ServerOptions;
  readonly #servers: HttpServer[] = [];
  /** Of connections that somebody looks at first. */
  readonly #listeners: NetServer[] = [];
  readonly #connections = new Set<MuxServerConnection>();
  readonly #outside = new HttpConnections();
  /** Those that speak another protocol now. */
  readonly #upgraded = new Set<Duplex>();
  readonly #http2: Http2Door[] = [];
  readonly #requests = new OpenRequests();
  readonly #reading = { bytes: 0 };
  #leaving = false;
  #draining = false;
  /** Connections that were accepted so far. */
  #accepted = 0;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  get draining(): boolean {
    return this.#draining;
  }

  listen(address: string, options: DoorOptions = {}): Promise<string> {
    return listen(this.#serve(options), address);
  }

  accept(address: string, take: (socket: Socket) => void): Promise<string> {
    // As those of HTTP are.
    const listener = new NetServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#accepted++;
      take(socket);
    });
    this.#listeners.push(listener);
    return listen(listener, address);
  }

  createDoor(options: DoorOptions = {}): Door {
    const server = this.#serve(options);
    // It is with this event that Node begins to look for connections that are idle, or whose headers are late.
    server.emit("listening");
    const http2 = new Http2Door(server);
    this.#http2.push(http2);
    return { take: (socket) => server.emit("connection", socket), takeHttp2: (socket) => http2.take(socket) };
  }

  leave(): void {
    this.#leaving = true;
    this.#requests.close();
  }

  async drain(drainMs: number, over?: () => void): Promise<boolean> {
    const { clock } = this.#options.dispatcher;
    this.leave();
    this.#draining = true;
    for (const connection of this.#connections) connection.goaway();
    for (const http2 of this.#http2) http2.close();
    await this.#acceptWaiting(Math.min(drainMs, FAREWELL_MS));
    // No more is accepted. The server's own `close` would end connections on which a call may just be on its way.
    for (const server of [...this.#servers, ...this.#listeners]) NetServer.prototype.close.call(server);
    const timeout = Promise.withResolvers<boolean>();
    const timer = clock.after(drainMs, () => timeout.resolve(false));
    const done = await Promise.race([this.#finish(Math.min(drainMs, FAREWELL_MS)).then(() => true), timeout.promise]);
    clock.cancel(timer);
    over?.();
    // A peer that was told closes its connection when its last call is answered. Closing it here could meet a call on its
    // way, of which the peer would not know whether it ran; one that comes before that is refused, and goes elsewhere.
    const parted = [...this.#connections].map((connection) => connection.closed);
    await within(clock, FAREWELL_MS, Promise.all(parted));
    // Answers that are still on their way out of this process.
    await Promise.all([...this.#connections].map((connection) => connection.close()));
    if (done) await within(clock, FAREWELL_MS, this.#outside.gone());
    for (const socket of this.#upgraded) socket.destroy();
    for (const server of this.#servers) server.close();
    return done;
  }

  *metrics(): Iterable<Metric> {
    const help = "Connections of other replicas.";
    yield { name: "hadron_connections", type: "gauge", help, value: this.#connections.size };
    const held = [...this.#connections].reduce((sum, connection) => sum + connection.heldBytes, 0);
    const heldHelp = "Bytes that wait to be sent to them, or are on their way in.";
    yield { name: "hadron_held_bytes", type: "gauge", help: heldHelp, value: held };
    const heldMost = MOST_BUFFERED_BYTES + MOST_ANNOUNCED_BYTES;
    const heldMostHelp = "Bytes above which one of them gets its calls refused.";
    yield { name: "hadron_held_bytes_limit", type: "gauge", help: heldMostHelp, value: heldMost };
    const readingHelp = "Bytes of HTTP bodies that are not whole yet.";
    yield { name: "hadron_http_reading_bytes", type: "gauge", help: readingHelp, value: this.#reading.bytes };
  }

  /**
   * Takes in who has been connected by the system and waits to be accepted: closing the listener would cut them off, though all is well for
   * them. A turn of the event loop accepts one.
   */
  async #acceptWaiting(mostMs: number): Promise<void> {
    if (![...this.#servers, ...this.#listeners].some(({ listening }) => listening)) return;
    const { clock } = this.#options.dispatcher;
    const until = clock.now() + mostMs;
    for (let quiet = 0; quiet < QUIET_TURNS && clock.now() < until; ) {
      const before = this.#accepted;
      await new Promise<void>((resolve) => clock.nextTurn(resolve));
      quiet = this.#accepted === before ? quiet + 1 : 0;
    }
  }

  /** Callers over HTTP are told with their next answer; those that ask for nothing more are let go after a while. */
  async #finish(graceMs: number): Promise<void> {
    if (graceMs > 0) await within(this.#options.dispatcher.clock, graceMs, this.#outside.gone());
    for (const server of this.#servers) server.closeIdleConnections();
    await this.#options.idle();
    await this.#requests.idle();
  }

  #serve({ routes = [], exposed = false, web, webPaths: paths }: DoorOptions): HttpServer {
    const { dispatcher, discover, times } = this.#options;
    const closing = () => this.#leaving;
    const answering = { dispatcher, exposed, discover, reading: this.#reading, closing };
    const leaving = (response: ServerResponse) => this.#requests.add(response);
    const webRoutes =
      web === undefined ? [] : createWebRoutes({ dispatcher, procedure: web, paths, closing, leaving }, times);
    const calls = web === undefined || paths !== undefined ? createRpcRoute(answering, times) : undefined;
    const server = createHttpServer({
      routes: [...(calls === undefined ? [] : [calls]), ...webRoutes, ...routes],
      // Whoever speaks the protocol of replicas says whose connection a request came over: outside, nobody is asked.
      upgrades: ({ headers }, route) => (wantsMux(headers) ? !exposed : route !== undefined),
      upgrade: (request, socket, head, route) => this.#upgrade(request, socket, head, route),
      // Calls are counted by the dispatcher, and tell their callers themselves.
      began: (route, response) => {
        if (routes.includes(route)) this.#requests.add(response);
      },
      failed: ({ method, path }, error) => {
        this.#options.log?.error(`${method} ${path} failed: ${inWords(error)}`, { stack: traceOf(error) });
      },
      times,
    });
    server.on("connection", (socket: Socket) => {
      this.#accepted++;
      this.#outside.add(socket);
    });
    this.#servers.push(server);
    return server;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, route: Route | undefined): void {
    this.#outside.delete(socket);
    if (route?.upgrade !== undefined && !wantsMux(request.headers)) {
      this.#upgraded.add(socket);
      socket.once("close", () => this.#upgraded.delete(socket));
      route.upgrade(request, socket, head);
      return;
    }
    const connection = acceptMux(socket, head, request.headers, this.#options.dispatcher);
    if (connection === undefined) return;
    this.#connections.add(connection);
    socket.once("close", () => this.#connections.delete(connection));
    if (this.#draining) connection.goaway();
  }
}
