import { type Change, own, replicaName, type ServiceTopology, type Topology } from "@hadron/core/spi";
import type { Description } from "./deployment/description.ts";

/** What of a deployment matters to a plan. */
export type World = Pick<Description, "layoutHash" | "topology" | "counts" | "captured">;

/** What there would be beside the topology: what goes along, and the captured values where there are some. */
export interface Built {
  readonly layoutHash: string;
  readonly captured: string | undefined;
}

/** What `apply` would change. Pure. `built` is not looked at where nothing runs. */
export function plan(wanted: Topology, built: Built | undefined, world: World | undefined): readonly Change[] {
  const changes: Change[] = [];
  const add = (action: Change["action"], service: string, ordinal: number, because: string) =>
    changes.push({ action, kind: "process", name: replicaName(service, ordinal), because });
  const outside = [
    ...(world?.layoutHash === built?.layoutHash ? [] : ["code"]),
    ...(world?.captured === built?.captured ? [] : ["captured values"]),
  ];
  const countOf = (name: string) => own(world?.counts, name) ?? 0;
  const elsewhere = world === undefined || sameShape(world.topology, wanted) ? "" : "another service changed";
  const running = new Map(world?.topology.services.map((service) => [service.name, service]));
  for (const service of wanted.services) {
    const before = running.get(service.name);
    running.delete(service.name);
    const count = before === undefined ? 0 : countOf(service.name);
    const because = before === undefined ? "" : whatChanged(before, service, outside) || elsewhere;
    for (let ordinal = 0; ordinal < Math.max(count, service.replicas); ordinal++) {
      if (ordinal >= service.replicas)
        add("delete", service.name, ordinal, `${service.replicas} declared, ${count} running`);
      else if (before === undefined) add("create", service.name, ordinal, "not running");
      else if (ordinal >= count) add("create", service.name, ordinal, `${service.replicas} declared, ${count} running`);
      else if (because !== "") add("replace", service.name, ordinal, because);
    }
  }
  for (const { name } of running.values()) {
    for (let ordinal = 0; ordinal < countOf(name); ordinal++) add("delete", name, ordinal, "no longer declared");
  }
  return changes;
}

/** What of a service is another, and its code with it; "" where nothing is. */
function whatChanged(before: ServiceTopology, after: ServiceTopology, outside: readonly string[]): string {
  const was = new Map(Object.entries(before));
  const fields = Object.entries(after).filter(
    ([field, value]) => field !== "replicas" && JSON.stringify(was.get(field)) !== JSON.stringify(value),
  );
  const reasons = [...outside, ...fields.map(([field]) => field)];
  return reasons.length === 0 ? "" : `${reasons.join(", ")} changed`;
}

/** Each replica holds the whole topology: a change of one service is a new revision of all. */
function sameShape(topology: Topology, other: Topology): boolean {
  const shape = ({ services }: Topology) => JSON.stringify(services.map(({ replicas: _, ...rest }) => rest));
  return shape(topology) === shape(other);
}
