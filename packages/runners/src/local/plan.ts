import { type Change, replicaName, type ServiceTopology, type Topology } from "@hadron/core/spi";
import type { Description } from "./deployment/description.ts";

/** What of a deployment matters to a plan. */
export type World = Pick<Description, "bundleHash" | "topology" | "counts" | "captured">;

/** What there would be beside the topology: the code, and the captured values where there are some. */
export interface Built {
  readonly bundleHash: string;
  readonly captured: string | undefined;
}

/** What `apply` would change. Pure. `built` is not looked at where nothing runs. */
export function plan(wanted: Topology, built: Built | undefined, world: World | undefined): readonly Change[] {
  const changes: Change[] = [];
  const add = (action: Change["action"], service: string, ordinal: number, because: string) =>
    changes.push({ action, kind: "process", name: replicaName(service, ordinal), because });
  const outside = [
    ...(world?.bundleHash === built?.bundleHash ? [] : ["code"]),
    ...(world?.captured === built?.captured ? [] : ["captured values"]),
  ];
  const running = new Map(world?.topology.services.map((service) => [service.name, service]));
  for (const service of wanted.services) {
    const before = running.get(service.name);
    running.delete(service.name);
    const count = before === undefined ? 0 : (world!.counts[service.name] ?? 0);
    const because = before === undefined ? "" : reason(before, service, outside, world!.topology, wanted);
    for (let ordinal = 0; ordinal < Math.max(count, service.replicas); ordinal++) {
      if (ordinal >= service.replicas)
        add("delete", service.name, ordinal, `${service.replicas} declared, ${count} running`);
      else if (before === undefined) add("create", service.name, ordinal, "not running");
      else if (ordinal >= count) add("create", service.name, ordinal, `${service.replicas} declared, ${count} running`);
      else if (because !== "") add("replace", service.name, ordinal, because);
    }
  }
  for (const { name } of running.values()) {
    for (let ordinal = 0; ordinal < (world!.counts[name] ?? 0); ordinal++)
      add("delete", name, ordinal, "no longer declared");
  }
  return changes;
}

/** Why a replica is replaced; "" where it stays. */
function reason(
  before: ServiceTopology,
  after: ServiceTopology,
  outside: readonly string[],
  world: Topology,
  wanted: Topology,
): string {
  const fields = (Object.keys(after) as (keyof ServiceTopology)[]).filter(
    (field) => field !== "replicas" && JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
  const reasons = [...outside, ...fields];
  if (reasons.length > 0) return `${reasons.join(", ")} changed`;
  return sameShape(world, wanted) ? "" : "another service changed";
}

/** Each replica holds the whole topology: a change of one service is a new revision of all. */
function sameShape(topology: Topology, other: Topology): boolean {
  const shape = ({ services }: Topology) => JSON.stringify(services.map(({ replicas: _, ...rest }) => rest));
  return shape(topology) === shape(other);
}
