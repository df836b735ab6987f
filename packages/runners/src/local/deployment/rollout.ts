import { openExposure } from "../ports/exposures.ts";
import type { Release } from "../replica/release.ts";
import { LocalReplica, RETIRE_MS } from "../replica/replica.ts";
import type { DeployedService } from "./deployed-service.ts";
import { type Surroundings, toReplicaOptions } from "./replica-options.ts";
import { forEachStart } from "./start-many.ts";
import type { Work } from "./work.ts";

/** What it needs of the deployment, beside what replicas need. */
export interface RolloutSurroundings extends Surroundings {
  /** What a replica that is gone for good has logged is not kept. */
  readonly forget: (replica: string) => void;
  /** Callers hear of what has changed now, not a little later. */
  readonly flush: () => void;
}

/** Makes the replicas and the address of one service what a release declares, or `scale` asks for. */
export class Rollout {
  readonly #surroundings: RolloutSurroundings;

  constructor(surroundings: RolloutSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Opens its address, closes the one before; nothing where it stays. */
  async expose(service: DeployedService): Promise<void> {
    const { exposure, topology } = service;
    if (exposure !== undefined && exposure.declared === JSON.stringify(topology.exposed)) return;
    const { ports, certificates } = this.#surroundings.options;
    service.exposure = await openExposure(topology, ports, () => service.replicas, certificates);
    exposure?.close();
  }

  async resize(service: DeployedService, count: number, release: Release, work: Work): Promise<void> {
    if (count > service.replicas.length) await this.#grow(service, count, release, work);
    else await this.shrink(service, count);
  }

  async #grow(service: DeployedService, count: number, release: Release, { signal, progress }: Work): Promise<void> {
    this.fill(service, count, release, service.joining);
    const joining = [...service.joining];
    const tell = (ready: number) => progress.step(service.name, `${ready} of ${joining.length} more ready`);
    tell(0);
    try {
      await forEachStart(joining, signal, (replica) => replica.start(), tell);
      service.replicas.push(...joining);
    } catch (error) {
      await Promise.all(joining.map((replica) => replica.stop()));
      throw error;
    } finally {
      service.joining.length = 0;
    }
    this.#surroundings.changed(service);
    this.#surroundings.flush();
  }

  /** Drains and ends the replicas beyond a count. Callers learn of it first. */
  async shrink(service: DeployedService, count: number): Promise<void> {
    const leaving = service.replicas.slice(count);
    if (leaving.length === 0) return;
    service.replicas.length = count;
    service.leaving.push(...leaving);
    for (const replica of leaving) replica.retire();
    this.#surroundings.changed(service);
    this.#surroundings.flush();
    await new Promise<void>((resolve) => this.#surroundings.options.clock.after(RETIRE_MS, resolve));
    await Promise.all(leaving.map((replica) => replica.stop()));
    service.leaving.length = 0;
    for (const { name } of leaving) this.#surroundings.forget(name);
    this.#surroundings.changed(service);
  }

  /** Replaces each replica of another revision, one after the other. */
  async replaceAll(service: DeployedService, release: Release, { signal, progress }: Work): Promise<void> {
    let done = 0;
    for (const replica of service.replicas) {
      signal.throwIfAborted();
      if (replica.revision !== release.revision)
        await replica.replace(toReplicaOptions(this.#surroundings, service, replica.ordinal, release));
      progress.step(service.name, `${++done} of ${service.replicas.length} replaced`);
    }
  }

  /** Makes replicas up to a count, which are not started yet. */
  fill(service: DeployedService, count: number, release: Release, into: LocalReplica[]): void {
    for (let ordinal = service.replicas.length; ordinal < count; ordinal++) {
      into.push(new LocalReplica(toReplicaOptions(this.#surroundings, service, ordinal, release)));
    }
  }
}
