import type { Member } from "../call/directory/directory.ts";
import type { Host } from "../call/host/host.ts";
import type { App } from "../describe/compose.ts";
import { replicaName, type ServiceTopology } from "../describe/topology.ts";
import type { ReplicaDispatcher } from "../serve/dispatch/dispatcher.ts";
import { createLog } from "../serve/log.ts";
import type { ReplicaLife } from "../serve/replica-life.ts";
import { createReplica } from "../serve/replica-server.ts";
import type { MemoryEndpoint, MemoryRegistry } from "../transport/memory/memory.ts";
import type { TestReplica } from "./test-replica.ts";

/** What a replica needs of the app that it is part of. */
export interface MemoryWorld {
  readonly app: App;
  readonly hash: string;
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

/** A replica in the test's own process: the same dispatcher, host and protocol as anywhere. */
export class ReplicaInProcess implements TestReplica {
  readonly name: string;
  readonly service: string;
  readonly ordinal: number;
  readonly #world: MemoryWorld;
  readonly #topology: ServiceTopology;
  #running:
    | {
        readonly host: Host;
        readonly dispatcher: ReplicaDispatcher;
        readonly life: ReplicaLife;
        /** Undefined until it has started. */
        endpoint: MemoryEndpoint | undefined;
      }
    | undefined;
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

  get state(): Member["state"] {
    return this.#state;
  }

  get calls(): number {
    return this.#running?.dispatcher.totals.calls ?? 0;
  }

  get member(): Member {
    const { name, ordinal } = this;
    return { name, ordinal, address: `memory:${name}`, state: this.#state, reason: this.#reason };
  }

  kill({ away = false }: { readonly away?: boolean } = {}): void {
    this.#state = away ? "starting" : "failed";
    this.#reason = away ? "killed, and being restarted" : "killed by the test";
    // What it began ends with the process, where it is one; here it is told to.
    this.#running?.life.kill();
    this.#running?.endpoint?.close();
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
    this.#running?.endpoint?.slow(ms);
  }

  cut(): void {
    this.#running?.endpoint?.cut();
  }

  hang(): void {
    this.#running?.endpoint?.hang();
  }

  restore(): void {
    this.#running?.endpoint?.restore();
  }

  async end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.life.stop();
    running?.endpoint?.close();
    await running?.life.dispose();
    running?.host.close();
  }

  #start(): void {
    const { app, hash, registry, log: write } = this.#world;
    const host = this.#world.createHost(this.name, this.ordinal, this.#starts++);
    const self = { app: app.topology.app, service: this.service, replica: this.name, topology: hash };
    const { dispatcher, life } = createReplica({
      app,
      host,
      self,
      service: this.service,
      ordinal: this.ordinal,
      revision: hash,
      log: createLog(this.name, write, host.clock),
      storage: this.#topology.storage === null ? undefined : this.#world.storage(this.name),
      count: () => this.#world.count(this.service) || this.#topology.replicas,
    });
    const running = { host, dispatcher, life, endpoint: undefined as MemoryEndpoint | undefined };
    this.#running = running;
    const begin = () => {
      running.endpoint = registry.listen(this.name, dispatcher);
      this.#state = "ready";
      this.#reason = undefined;
    };
    if (!life.exists) return begin();
    this.#state = "starting";
    this.#started = this.#await(life, () => this.#running === running, begin);
    // Whoever restarts it sees its state; `start` waits for all.
    this.#started.catch(() => {});
  }

  async #await(life: ReplicaLife, isCurrent: () => boolean, begin: () => void): Promise<void> {
    try {
      await life.start();
      if (isCurrent()) begin();
    } catch (error) {
      if (!isCurrent()) return;
      this.#state = "failed";
      this.#reason = (error as Error).message;
      throw error;
    } finally {
      if (isCurrent()) this.#world.publish(this.service);
    }
  }
}
