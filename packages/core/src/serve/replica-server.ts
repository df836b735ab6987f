import type { IncomingMessage, Server } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createChildClient } from "../call/client/child-client.ts";
import type { Host } from "../call/host/host.ts";
import type { Clock } from "../clock/clock.ts";
import type { Started } from "../declare/life.ts";
import type { Log, Replica } from "../declare/types.ts";
import type { App } from "../describe/compose.ts";
import { createWork } from "../describe/procedures.ts";
import { placeOf } from "../describe/topology.ts";
import { HadronError } from "../errors.ts";
import type { Metric } from "../metric.ts";
import { HttpConnections } from "../transport/http/connections.ts";
import { listen } from "../transport/http/listen.ts";
import { createHttpFront, type HttpTimes } from "../transport/json-rpc/server/http-front.ts";
import {
  acceptMux,
  MOST_ANNOUNCED_BYTES,
  MOST_BUFFERED_BYTES,
  type MuxServerConnection,
} from "../transport/mux/index.ts";
import type { Hello } from "../transport/transport.ts";
import { ReplicaDispatcher } from "./dispatcher.ts";
import { toPrometheus } from "./metrics.ts";
import { toOpenRpc } from "./open-rpc.ts";
import { ReplicaLife } from "./replica-life.ts";

/** How long peers, and callers over HTTP, may take to part from a replica that is done. */
const FAREWELL_MS = 1000;

export interface ReplicaOptions {
  readonly app: App;
  readonly host: Host;
  readonly self: Hello;
  readonly service: string;
  readonly ordinal: number;
  readonly log: Log;
  readonly revision: string;
  /** How many replicas of the service run now. */
  readonly count: () => number;
  /** The folder of its own storage. */
  readonly storage?: string | undefined;
  readonly times?: HttpTimes | undefined;
}

/**
 * Makes the serving side of one replica: its handlers, with clients of its own, behind a dispatcher, and what it does without
 * being called.
 */
export function createReplica(options: ReplicaOptions): {
  readonly dispatcher: ReplicaDispatcher;
  readonly life: ReplicaLife;
} {
  const { app, host, self, service, ordinal, log } = options;
  const composed = app.services.get(service);
  if (composed === undefined) {
    throw new HadronError(
      "TOPOLOGY_MISMATCH",
      `This file declares no service "${service}": it is not the file that was deployed.`,
    );
  }
  const { part, topology } = composed;
  if (part.kind === "image")
    throw new HadronError("INTERNAL", `"${service}" is an image; no code of this file serves it.`);
  let { procedures, life } = composed;
  if (part.kind === "pattern") {
    const clients = topology.children.map(({ key, service: child }) => [
      key,
      createChildClient(host, app.services.get(child)!),
    ]);
    ({ procedures, life } = createWork(service, part.root, Object.fromEntries(clients)));
  }
  const { index } = placeOf(ordinal, topology.groups);
  const name = self.replica ?? service;
  const { storage } = options;
  const replica = (): Replica => ({ name, index, count: Math.ceil(options.count() / topology.groups), storage });
  const dispatcher = new ReplicaDispatcher({
    self,
    host,
    procedures,
    limits: topology.limits,
    replica,
    log,
    label: topology.sharded || topology.replicas > 1 ? name : service,
  });
  return { dispatcher, life: new ReplicaLife({ life, host, context: () => ({ replica: replica(), log }) }) };
}

/** A replica that listens. */
export class ReplicaServer {
  readonly dispatcher: ReplicaDispatcher;
  readonly #options: ReplicaOptions;
  readonly #life: ReplicaLife;
  readonly #servers: Server[] = [];
  readonly #connections = new Set<MuxServerConnection>();
  readonly #outside = new HttpConnections();
  /** Serves connections that were accepted elsewhere; it listens nowhere itself. */
  #passed: Server | undefined;
  readonly #reading = { bytes: 0 };
  #ready = false;
  #draining = false;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    ({ dispatcher: this.dispatcher, life: this.#life } = createReplica(options));
  }

  get draining(): boolean {
    return this.#draining;
  }

  /**
   * Starts what works without being called. Before it listens: no call comes to what has not started.
   * Rejects as {@link ReplicaLife.start} does.
   */
  start(): Promise<Started> {
    return this.#life.start();
  }

  /** Listens at each address, and returns them with ports filled in. Exposed addresses show no metrics. */
  async listen(
    addresses: readonly string[],
    options: { readonly exposed: boolean; readonly counts?: ((counts: Record<string, number>) => void) | undefined },
  ): Promise<readonly string[]> {
    return Promise.all(addresses.map((address) => listen(this.#createFront(options), address)));
  }

  /** Serves an outside caller's connection that somebody else accepted. */
  take(socket: Socket): void {
    if (this.#passed === undefined) {
      this.#passed = this.#createFront({ exposed: true });
      // It is with this event that Node begins to look for connections that are idle, or whose headers are late.
      this.#passed.emit("listening");
    }
    this.#passed.emit("connection", socket);
  }

  /** Calls may come. */
  ready(): void {
    this.#ready = true;
  }

  /**
   * I5: what was accepted is finished. Tells what works without being called to stop, and peers to take their calls elsewhere;
   * waits until the last call is answered, at most `drainMs`, disposes in what is left of that, or in a second, and closes.
   * Returns whether all calls were answered.
   */
  async drain(drainMs: number): Promise<boolean> {
    this.#draining = true;
    this.#life.stop();
    const { clock } = this.dispatcher;
    const startedAt = clock.now();
    for (const connection of this.#connections) connection.goaway();
    // No more is accepted. The server's own `close` would end connections on which a call may just be on its way.
    for (const server of this.#servers) NetServer.prototype.close.call(server);
    const timeout = Promise.withResolvers<boolean>();
    const timer = clock.after(drainMs, () => timeout.resolve(false));
    const done = await Promise.race([this.#finish(Math.min(drainMs, FAREWELL_MS)).then(() => true), timeout.promise]);
    clock.cancel(timer);
    const disposed = within(
      clock,
      Math.max(drainMs - (clock.now() - startedAt), FAREWELL_MS),
      this.#life.dispose().catch((error: unknown) => {
        const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.#options.log.error(`could not be disposed of: ${why}`, { event: "dispose" });
      }),
    );
    // A peer that was told closes its connection when its last call is answered. Closing it here could meet a call on its
    // way, of which the peer would not know whether it ran; one that comes before that is refused, and goes elsewhere.
    const parted = [...this.#connections].map((connection) => connection.closed);
    await within(clock, FAREWELL_MS, Promise.all(parted));
    // Answers that are still on their way out of this process.
    await Promise.all([...this.#connections].map((connection) => connection.close()));
    if (done) await within(clock, FAREWELL_MS, this.#outside.gone());
    for (const server of this.#servers) server.close();
    await disposed;
    return done;
  }

  /** Callers over HTTP are told with their next answer; those that ask for nothing more are let go after a while. */
  async #finish(graceMs: number): Promise<void> {
    if (graceMs > 0) await within(this.dispatcher.clock, graceMs, this.#outside.gone());
    for (const server of this.#servers) server.closeIdleConnections();
    await this.dispatcher.idle();
  }

  *#metrics(): Iterable<Metric> {
    yield* this.dispatcher.admission.metrics();
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
    yield* this.#options.host.metrics();
  }

  #createFront(options: {
    readonly exposed: boolean;
    readonly counts?: ((counts: Record<string, number>) => void) | undefined;
  }): Server {
    const front = createHttpFront({
      dispatcher: this.dispatcher,
      exposed: options.exposed,
      discover: () => {
        const { app, service, revision } = this.#options;
        return toOpenRpc(service, revision, app.services.get(service)!.procedures);
      },
      health: () => ({ live: true, ready: this.#ready && !this.#draining }),
      metrics: options.exposed ? undefined : () => toPrometheus(this.dispatcher.metrics, this.#metrics()),
      counts: options.exposed ? undefined : options.counts,
      reading: this.#reading,
      closing: () => this.#draining,
      times: this.#options.times,
      upgrade: (request, socket, head) => this.#upgrade(request, socket, head, options.exposed),
    });
    front.on("connection", (socket: Socket) => this.#outside.add(socket));
    this.#servers.push(front);
    return front;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, outside: boolean): void {
    this.#outside.delete(socket);
    const connection = acceptMux(socket, head, request.headers, this.dispatcher, { outside });
    if (connection === undefined) return;
    this.#connections.add(connection);
    socket.once("close", () => this.#connections.delete(connection));
    if (this.#draining) connection.goaway();
  }
}

/** Resolves when that has happened, or after a while. */
async function within(clock: Clock, ms: number, what: Promise<unknown>): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = clock.after(ms, over.resolve);
  await Promise.race([what, over.promise]);
  clock.cancel(timer);
}
