import type { Socket } from "node:net";
import { createChildClient } from "../call/client/child-client.ts";
import type { Host } from "../call/host/host.ts";
import { within } from "../clock/within.ts";
import type { Expose } from "../declare/definition.ts";
import type { Started } from "../declare/life.ts";
import type { Log, Replica } from "../declare/types.ts";
import type { Health } from "../describe/built-in.ts";
import type { App } from "../describe/compose/app.ts";
import { createWork, learnWork } from "../describe/procedures.ts";
import { placeOf } from "../describe/topology.ts";
import { HadronError } from "../errors.ts";
import type { Metric } from "../metric.ts";
import type { Route } from "../transport/http/route.ts";
import type { HttpTimes } from "../transport/http/server.ts";
import type { Hello } from "../transport/transport.ts";
import { traceOf } from "../values/trace-of.ts";
import { createBuiltIns } from "./built-ins.ts";
import { ReplicaDispatcher } from "./dispatch/dispatcher.ts";
import { toPrometheus } from "./metrics.ts";
import { toOpenRpc } from "./open-rpc.ts";
import { Arrivals, asOf, looksAtArrivals } from "./outside/arrivals.ts";
import { ReplicaLife } from "./replica-life.ts";
import { countsRoute, healthRoutes, metricsRoute } from "./server/routes.ts";
import { createServer, type Door, type DoorOptions, type Server } from "./server/server.ts";
import type { FindCertificate } from "./tls/certificate.ts";
import { TlsDoor } from "./tls/tls-door.ts";
import { Tracer } from "./tracer.ts";

/** How long disposing may take in any case. */
const DISPOSE_MS = 1000;
/** Who has just come may take so long to shake hands. */
const HANDSHAKES_MS = 1000;

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
  /** Where the app file lies, where that is known. */
  readonly appFolder?: string | undefined;
  /** Where outside callers find the service, where that is known. */
  readonly outside?: string | undefined;
  readonly times?: HttpTimes | undefined;
  /** Finds what callers over TLS are shown, where the service is exposed so. */
  readonly certificates?: FindCertificate | undefined;
}

/** What a replica tells of where it listens. */
export interface Listening {
  readonly state: () => Health["state"];
  readonly metrics: () => Iterable<Metric>;
}

/** One that is called in this process alone. */
const IN_PROCESS: Listening = { state: () => "ready", metrics: () => [] };

/** The serving side of one replica. */
export interface Serving {
  readonly dispatcher: ReplicaDispatcher;
  readonly life: ReplicaLife;
  /** Its procedures as an OpenRPC document. */
  readonly discover: () => unknown;
  /** Its metrics in the Prometheus text format. */
  readonly metrics: () => string;
}

/**
 * Makes the serving side of one replica: its handlers, with clients of its own, behind a dispatcher, and what it does without
 * being called.
 */
export function createReplica(options: ReplicaOptions, listening: Listening = IN_PROCESS): Serving {
  const { app, host, self, service, ordinal, log } = options;
  host.log = log;
  const composed = app.services.get(service);
  if (composed === undefined) {
    throw new HadronError(
      "TOPOLOGY_MISMATCH",
      `This file declares no service "${service}": it is not the file that was deployed.`,
    );
  }
  const { part, topology } = composed;
  let { procedures, life } = composed;
  let ports: readonly string[] = [];
  if (part.kind === "image") {
    if (part.standIn === undefined) {
      throw new HadronError("INTERNAL", `"${service}" is an image; no code of this file serves it.`);
    }
    ({ procedures, life } = learnWork(service, part.standIn, {}));
    ports = Object.keys(part.image.ports);
  }
  if (part.kind === "pattern") {
    const clients = topology.children.map(({ key, service: child }) => [
      key,
      createChildClient(host, app.services.get(child)!),
    ]);
    ({ procedures, life } = createWork(service, part.root, Object.fromEntries(clients)));
  }
  const { index } = placeOf(ordinal, topology.groups);
  const name = self.replica ?? service;
  const { storage, appFolder, outside } = options;
  const { elsewhere = {}, adopt = false } = app.topology.choices ?? {};
  const replica = (): Replica => ({ name, index, count: Math.ceil(options.count() / topology.groups), storage });
  const keeps = app.resources.filter(({ keeper }) => keeper.name === service);
  const discover = () => toOpenRpc(service, options.revision, composed.procedures);
  const metrics = () =>
    toPrometheus(dispatcher.metrics, [...dispatcher.admission.metrics(), ...listening.metrics(), ...host.metrics()]);
  const health = (): Health => {
    const { revision } = options;
    return { service, replica: name, revision, state: listening.state(), inFlight: dispatcher.inFlight };
  };
  const dispatcher: ReplicaDispatcher = new ReplicaDispatcher({
    self,
    host,
    procedures,
    limits: topology.limits,
    around: composed.around,
    guard: composed.guard,
    replica,
    log,
    label: topology.sharded || topology.replicas > 1 ? name : service,
    builtIns: createBuiltIns({ discover, health, metrics, trace: (options) => tracer.take(options) }),
  });
  const tracer = new Tracer({ replica: name, clock: host.clock, places: [host, dispatcher] });
  return {
    dispatcher,
    discover,
    metrics,
    life: new ReplicaLife({
      life,
      ports,
      host,
      context: () => ({
        replica: replica(),
        log,
        keeps,
        elsewhere,
        adopt,
        appFolder,
        outside: topology.exposed?.url ?? outside,
      }),
    }),
  };
}

/** A replica that listens. */
export class ReplicaServer {
  readonly dispatcher: ReplicaDispatcher;
  readonly #options: ReplicaOptions;
  readonly #life: ReplicaLife;
  readonly #server: Server;
  readonly #metrics: () => string;
  #passed: Door | undefined;
  #tls: TlsDoor | undefined;
  #arrivals: Arrivals | undefined;
  #ready = false;
  #leaving = false;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    const { dispatcher, life, discover, metrics } = createReplica(options, {
      state: () => (this.#leaving || this.#server.draining ? "draining" : this.#ready ? "ready" : "starting"),
      metrics: () => this.#server.metrics(),
    });
    this.dispatcher = dispatcher;
    this.#life = life;
    this.#metrics = metrics;
    this.#server = createServer({
      dispatcher,
      idle: () => dispatcher.idle(),
      discover,
      log: options.log,
      times: options.times,
    });
  }

  get draining(): boolean {
    return this.#server.draining;
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
    if (options.exposed) return Promise.all(addresses.map((address) => this.#listenOutside(address)));
    const routes = [...this.#health()];
    routes.push(metricsRoute(this.#metrics));
    if (options.counts !== undefined) routes.push(countsRoute(options.counts));
    return Promise.all(addresses.map((address) => this.#server.listen(address, { routes })));
  }

  #listenOutside(address: string): Promise<string> {
    return looksAtArrivals(this.#exposed)
      ? this.#server.accept(address, (socket) => this.take(socket))
      : this.#server.listen(address, this.#outside());
  }

  get #exposed(): Partial<Expose> {
    return this.#options.app.services.get(this.#options.service)?.topology.exposed ?? {};
  }

  /** Serves an outside caller's connection that somebody else accepted. */
  take(socket: Socket): void {
    if (!looksAtArrivals(this.#exposed)) return this.#enter(socket, undefined);
    const { clock } = this.dispatcher;
    this.#arrivals ??= new Arrivals(this.#exposed, clock, (arrived, client) => this.#enter(arrived, client));
    this.#arrivals.take(socket);
  }

  #enter(socket: Socket, client: string | undefined): void {
    this.#passed ??= this.#server.createDoor(this.#outside());
    const door = this.#passed;
    const { certificates } = this.#options;
    if (certificates === undefined || this.#exposed.tls === undefined) {
      door.take(asOf(socket, client));
      return;
    }
    this.#tls ??= new TlsDoor(certificates, this.dispatcher.clock, {
      http1: (secure) => door.take(secure),
      http2: (secure) => door.takeHttp2(secure),
    });
    this.#tls.take(socket, client);
  }

  /** Callers who come from now on see the newest certificates. */
  forgetCertificates(): void {
    this.#tls?.forget();
  }

  /** Calls may come. */
  ready(): void {
    this.#ready = true;
  }

  /**
   * Serves on, for so long: whoever looks finds that it is not ready, and callers over HTTP are told with each answer to come back on another
   * connection. So most have gone, and nobody new comes, when {@link drain} begins.
   */
  async leave(ms: number): Promise<void> {
    if (ms === 0 || !this.#ready) return;
    this.#leaving = true;
    this.#server.leave();
    await new Promise<void>((resolve) => this.dispatcher.clock.after(ms, resolve));
  }

  /**
   * I5: what was accepted is finished. Tells what works without being called to stop, and drains as {@link Server.drain}
   * does; disposes in what is left of that time, or in a second. One that still starts is waited for as long, before it is
   * disposed of. What fails of that, or takes longer, is told in the log.
   */
  async drain(drainMs: number): Promise<boolean> {
    this.#life.stop();
    const { clock } = this.dispatcher;
    const endsAt = clock.now() + drainMs;
    await this.#tls?.drain(Math.min(drainMs, HANDSHAKES_MS));
    let disposed: Promise<void> | undefined;
    const done = await this.#server.drain(Math.max(endsAt - clock.now(), 0), () => {
      disposed = this.#dispose(Math.max(endsAt - clock.now(), DISPOSE_MS));
    });
    await disposed;
    return done;
  }

  async #dispose(mostMs: number): Promise<void> {
    try {
      if (await within(this.dispatcher.clock, mostMs, this.#life.dispose())) return;
      const late = `its ${this.#life.underWay} has not ended in ${Math.round(mostMs)} ms (limits.drainMs)`;
      this.#options.log.error(`could not be disposed of: ${late}`, { event: "dispose" });
    } catch (error) {
      this.#options.log.error(`could not be disposed of: ${traceOf(error)}`, { event: "dispose" });
    }
  }

  /** What outside callers find. Every path of a service that takes HTTP is its own. */
  #outside(): DoorOptions {
    const { app, service } = this.#options;
    const { web, webPaths } = app.services.get(service)?.topology ?? {};
    const ownsAll = web !== undefined && webPaths === undefined;
    return { exposed: true, web, webPaths, routes: ownsAll ? [] : this.#health() };
  }

  #health(): readonly Route[] {
    return healthRoutes(() => this.#ready && !this.#leaving && !this.#server.draining);
  }
}
