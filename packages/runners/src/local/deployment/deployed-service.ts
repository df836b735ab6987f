import type { Member, ReplicaStatus, ServiceStatus, ServiceTopology } from "@hadron/core/spi";
import type { Exposure } from "../ports/exposures.ts";
import type { LocalReplica } from "../replica/replica.ts";

/** A service as it runs: what is declared, its replicas by ordinal, its address. */
export class DeployedService {
  topology: ServiceTopology;
  readonly replicas: LocalReplica[] = [];
  /** Replicas that start because of `scale`: callers learn of them when they are ready. */
  readonly joining: LocalReplica[] = [];
  /** Replicas that drain because of `scale`. */
  readonly leaving: LocalReplica[] = [];
  exposure: Exposure | undefined;

  constructor(topology: ServiceTopology) {
    this.topology = topology;
  }

  get name(): string {
    return this.topology.name;
  }

  all(): readonly LocalReplica[] {
    return [...this.replicas, ...this.joining, ...this.leaving];
  }

  members(): readonly Member[] {
    // A shard that leaves is no longer asked; of interchangeable replicas, callers see one that drains.
    const shown = this.topology.sharded ? this.replicas : [...this.replicas, ...this.leaving];
    return shown.map(({ member }) => member);
  }

  /** Asks each replica for its calls. */
  async status(): Promise<ServiceStatus> {
    return this.#toStatus(await Promise.all(this.all().map((replica) => replica.status())));
  }

  statusWith(calls: number): ServiceStatus {
    return this.#toStatus(this.all().map((replica) => replica.statusWith(calls)));
  }

  #toStatus(replicas: readonly ReplicaStatus[]): ServiceStatus {
    return { name: this.name, endpoint: this.exposure?.endpoint ?? null, replicas };
  }
}
