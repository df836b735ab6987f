import {
  type AppStatus,
  checkScale,
  HadronError,
  type LogLine,
  type Member,
  type ServiceStatus,
} from "@hadron/core/spi";
import type { AppDataPlace } from "../folder/app-data.ts";
import type { Release } from "../replica/release.ts";
import type { LocalReplica } from "../replica/replica.ts";
import { Broadcast } from "./broadcast.ts";
import { DeployedService } from "./deployed-service.ts";
import type { DeploymentOptions } from "./deployment-options.ts";
import { LogBuffer } from "./log-buffer.ts";
import { Rollout } from "./rollout.ts";
import { forEachStart } from "./start-many.ts";
import { stopInOrder } from "./stop-order.ts";
import { Turns } from "./turns.ts";
import type { Work } from "./work.ts";

/** An app that runs in processes of this one. */
export class Deployment {
  readonly logs = new LogBuffer();
  /** Aborts when it has ended. */
  readonly #gone = new AbortController();
  readonly #options: DeploymentOptions;
  readonly #services = new Map<string, DeployedService>();
  readonly #broadcast: Broadcast;
  #release: Release;
  #sockets = 0;
  readonly #turns: Turns;
  readonly #rollout: Rollout;
  #closing: Promise<void> | undefined;

  constructor(release: Release, options: DeploymentOptions) {
    this.#release = release;
    this.#options = options;
    this.#turns = new Turns(`The app "${this.app}"`, options.clock);
    this.#broadcast = new Broadcast({
      members: (service) => this.#services.get(service)?.members(),
      replicas: () => this.#replicas(),
    });
    this.#rollout = new Rollout({
      options,
      nextSocket: () => `${options.folder.path}/${this.#sockets++}`,
      members: () => this.members(),
      because: (service, name) => this.because(service, name),
      changed: (service) => this.#changed(service),
      line: (service, replica, line) => this.logs.add({ time: new Date().toISOString(), service, replica, line }),
      forget: (replica) => this.logs.forget(replica),
      flush: () => this.#broadcast.flush(),
    });
  }

  get release(): Release {
    return this.#release;
  }

  get data(): AppDataPlace {
    return this.#options.data;
  }

  get app(): string {
    return this.#release.topology.app;
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  get services(): readonly DeployedService[] {
    return [...this.#services.values()];
  }

  /** Starts everything. When it rejects, everything is ended. */
  async start({ signal, progress }: Work): Promise<void> {
    try {
      const { services } = this.#release.topology;
      for (const topology of services) this.#services.set(topology.name, new DeployedService(topology));
      await Promise.all(this.services.map((service) => this.#rollout.expose(service)));
      for (const service of this.services)
        this.#rollout.fill(service, service.topology.replicas, this.#release, service.replicas);
      const all = [...this.#replicas()];
      const tell = (ready: number) => progress.step("replicas", `${ready} of ${all.length} ready`);
      tell(0);
      await this.#broadcast.gather(() => forEachStart(all, signal, (replica) => replica.start(), tell));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async status(): Promise<AppStatus> {
    return this.#toStatus(await Promise.all(this.services.map((service) => service.status())));
  }

  /** The status right after the start, when no replica needs to be asked for its calls. */
  firstStatus(): AppStatus {
    return this.#toStatus(this.services.map((service) => service.statusWith(0)));
  }

  readLogs(
    options: { readonly service: string | undefined; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<LogLine> {
    return this.logs.read(options, AbortSignal.any([signal, this.#gone.signal]));
  }

  /** The members of every service. */
  members(): Readonly<Record<string, readonly Member[]>> {
    return Object.fromEntries(this.services.map((service) => [service.name, service.members()]));
  }

  /** Calls back with what changed among the members, until the returned function is called. */
  watchMembers(changed: (services: Readonly<Record<string, readonly Member[]>>) => void): () => void {
    return this.#broadcast.listen(changed);
  }

  /** Why a connection to a replica broke: at most 250 ms later, null where it is not known. */
  because(service: string, name: string): Promise<string | null> {
    const replica = this.#services.get(service)?.replicas.find((replica) => replica.name === name);
    return replica?.because() ?? Promise.resolve("it was removed");
  }

  /** Changes how many replicas of a service run. WRONG_USE where it cannot have that many. `by`: who, for others. */
  scale(name: string, count: number, work: Work, by: string): Promise<void> {
    return this.#turns.take(`scale of ${name} by ${by}`, work.waitMs, async () => {
      this.#refuseIfEnding();
      checkScale(this.#release.topology.services, name, count);
      const service = this.#services.get(name);
      if (service !== undefined) await this.#rollout.resize(service, count, this.#release, work);
    });
  }

  /**
   * Makes the deployment what a release declares: replaces each replica by one of the new code that is ready before the
   * old one drains, starts and ends what is new or gone. Stopped in the middle, the next `update` completes it.
   */
  update(release: Release, work: Work): Promise<void> {
    return this.#turns.take(`up by process ${process.pid}`, work.waitMs, async () => {
      this.#refuseIfEnding();
      const wanted: DeployedService[] = [];
      for (const topology of release.topology.services) {
        const service = this.#services.get(topology.name) ?? new DeployedService(topology);
        service.topology = topology;
        this.#services.set(topology.name, service);
        await this.#rollout.expose(service);
        wanted.push(service);
      }
      // Leaves first: the new root finds what it calls.
      for (const service of wanted.toReversed()) {
        await this.#rollout.replaceAll(service, release, work);
        await this.#rollout.resize(service, service.topology.replicas, release, work);
      }
      for (const service of this.services) {
        if (wanted.includes(service)) continue;
        await this.#rollout.shrink(service, 0);
        service.exposure?.close();
        this.#services.delete(service.name);
      }
      this.#release = release;
      for (const { name } of wanted) this.#broadcast.changed(name);
      this.#broadcast.flush();
    });
  }

  /** Drains and ends everything. */
  close(): Promise<void> {
    this.#closing ??= this.#close(() => stopInOrder(this.#release.topology, this.services));
    return this.#closing;
  }

  /** Ends everything at once, also while it drains. */
  async kill(): Promise<void> {
    const closed = this.close();
    await Promise.all([...this.#replicas()].map((replica) => replica.kill()));
    await closed;
  }

  #toStatus(services: readonly ServiceStatus[]): AppStatus {
    return { app: this.app, runner: "local", revision: this.#release.revision, services };
  }

  async #close(end: () => Promise<void>): Promise<void> {
    for (const service of this.#services.values()) service.exposure?.close();
    await end();
    this.#broadcast.close();
    this.#gone.abort();
  }

  *#replicas(): Generator<LocalReplica> {
    for (const service of this.#services.values()) yield* service.all();
  }

  #changed(service: DeployedService): void {
    if (this.#closing !== undefined) return;
    this.#broadcast.changed(service.name);
    service.exposure?.port.changed();
  }

  #refuseIfEnding(): void {
    if (this.#closing !== undefined) throw new HadronError("RUNNER_FAILED", `"${this.app}" is ending.`);
  }
}
