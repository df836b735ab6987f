import type { Member } from "../call/directory/directory.ts";
import { ambient } from "../call/host/ambient.ts";
import type { Host } from "../call/host/host.ts";
import type { Started } from "../declare/life.ts";
import type { App } from "../describe/compose/app.ts";
import { replicaName, type ServiceTopology } from "../describe/topology.ts";
import { inWords } from "../errors.ts";
import type { ReplicaDispatcher } from "../serve/dispatch/dispatcher.ts";
import { createLog } from "../serve/log.ts";
import type { ReplicaLife } from "../serve/replica-life.ts";
import { createReplica } from "../serve/replica-server.ts";
import type { MemoryEndpoint, MemoryRegistry } from "../transport/memory/memory.ts";
import { type Interceptor, toIntercepted } from "./interceptor.ts";
import type { OwnModule, OwnModules } from "./modules/own-module.ts";
import type { TestReplica } from "./test-replica.ts";

/** What a replica needs of the app that it is part of. */
export interface MemoryWorld {
  readonly app: App;
  readonly hash: string;
  /** The files of the app, for each replica; or why all share one module. */
  readonly own: OwnModules | string;
  readonly registry: MemoryRegistry;
  readonly log: (line: string) => void;
  /** @param start How often the replica has been started. */
  createHost(replica: string, ordinal: number, start: number): Host;
  /** Tells all callers what has become of a service's replicas. */
  publish(service: string): void;
  count(service: string): number;
  /** The folder in which a replica stores. */
  storage(replica: string): string;
}

interface Served {
  readonly dispatcher: ReplicaDispatcher;
  readonly life: ReplicaLife;
  /** Undefined until it has started. */
  endpoint: MemoryEndpoint | undefined;
  /** Of a stand-in: where the ports of its image are. */
  addresses: Started["addresses"];
}

interface Running {
  readonly host: Host;
  /** Undefined until its module has been run. */
  served: Served | undefined;
  module: OwnModule | undefined;
}

/** A replica in the test's own process: the same dispatcher, host and protocol as anywhere. */
export class ReplicaInProcess implements TestReplica {
  readonly name: string;
  readonly service: string;
  readonly ordinal: number;
  readonly #world: MemoryWorld;
  readonly #topology: ServiceTopology;
  #running: Running | undefined;
  #interceptor: Interceptor | undefined;
  #starts = 0;
  #started: Promise<void> = Promise.resolve();
  #state: Member["state"] = "ready";
  #reason: string | undefined;

  constructor(world: MemoryWorld, topology: ServiceTopology, ordinal: number) {
    this.#world = world;
    this.#topology = topology;
    this.service = topology.name;
    this.ordinal = ordinal;
    this.name = replicaName(topology.name, ordinal);
    this.#start();
  }

  get module(): "own" | "shared" {
    return typeof this.#world.own === "string" ? "shared" : "own";
  }

  get state(): Member["state"] {
    return this.#state;
  }

  get calls(): number {
    return this.#running?.served?.dispatcher.totals.calls ?? 0;
  }

  get member(): Member {
    const { name, ordinal } = this;
    const addresses = this.#running?.served?.addresses;
    return { name, ordinal, address: `memory:${name}`, state: this.#state, reason: this.#reason, addresses };
  }

  kill({ away = false }: { readonly away?: boolean } = {}): void {
    this.#state = away ? "starting" : "failed";
    this.#reason = away ? "killed, and being restarted" : "killed by the test";
    // What it began ends with the process, where it is one; here it is told to.
    this.#running?.served?.life.kill();
    this.#running?.served?.endpoint?.close();
    this.#running?.module?.end();
    this.#running?.host.close();
    this.#running = undefined;
    this.#world.publish(this.service);
  }

  restart(): void {
    if (this.#running !== undefined) this.kill({ away: true });
    this.#start();
    this.#world.publish(this.service);
  }

  /** Settles when it has started, or could not. */
  get started(): Promise<void> {
    return this.#started;
  }

  slow(ms: number): void {
    this.#running?.served?.endpoint?.slow(ms);
  }

  cut(): void {
    this.#running?.served?.endpoint?.cut();
  }

  hang(): void {
    this.#running?.served?.endpoint?.hang();
  }

  restore(): void {
    this.#running?.served?.endpoint?.restore();
  }

  intercept(interceptor: Interceptor | undefined): void {
    this.#interceptor = interceptor;
  }

  async end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.served?.life.stop();
    running?.served?.endpoint?.close();
    await running?.served?.life.dispose();
    running?.module?.end();
    running?.host.close();
  }

  #start(): void {
    const host = this.#world.createHost(this.name, this.ordinal, this.#starts++);
    const running: Running = { host, served: undefined, module: undefined };
    this.#running = running;
    const { own, app } = this.#world;
    if (typeof own === "string" && !this.#serve(running, app).life.exists) return this.#listen(running);
    this.#state = "starting";
    this.#started = this.#begin(running, own);
    // Whoever restarts it sees its state; `start` waits for all.
    this.#started.catch(() => {});
  }

  async #begin(running: Running, own: OwnModules | string): Promise<void> {
    const { host } = running;
    try {
      if (typeof own !== "string") {
        // What the file calls while it is run is called by this replica.
        const module = await ambient.run({ host, scope: undefined, context: undefined }, () => own.load(host.clock));
        if (this.#running !== running) return module.end();
        running.module = module;
        this.#serve(running, module.app);
      }
      if (running.served?.life.exists) running.served.addresses = (await running.served.life.start()).addresses;
      if (this.#running === running) this.#listen(running);
    } catch (error) {
      if (this.#running !== running) return;
      this.#state = "failed";
      this.#reason = inWords(error);
      throw error;
    } finally {
      if (this.#running === running) this.#world.publish(this.service);
    }
  }

  #serve(running: Running, app: App): Served {
    const { hash, log: write } = this.#world;
    const { host } = running;
    const served = createReplica({
      app,
      host,
      self: { app: app.topology.app, service: this.service, replica: this.name, topology: hash },
      service: this.service,
      ordinal: this.ordinal,
      revision: hash,
      log: createLog(this.name, (line) => write(host.given.hide(line)), host.clock),
      storage: this.#topology.storage === null ? undefined : this.#world.storage(this.name),
      count: () => this.#world.count(this.service) || this.#topology.replicas,
    });
    running.served = { ...served, endpoint: undefined, addresses: undefined };
    return running.served;
  }

  #listen({ served }: Running): void {
    if (served === undefined) return;
    served.endpoint = this.#world.registry.listen(
      this.name,
      toIntercepted(served.dispatcher, () => this.#interceptor),
    );
    this.#state = "ready";
    this.#reason = undefined;
  }
}
