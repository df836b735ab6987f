import { hangMsOf, type Member, replicaName } from "@hadron/core/spi";
import { INSPECT_FLAG, inspectorAddress } from "../replica/inspect.ts";
import type { ReplicaOptions } from "../replica/options.ts";
import { type Release, toLaunch } from "../replica/release.ts";
import type { DeployedService } from "./deployed-service.ts";
import type { DeploymentOptions } from "./deployment-options.ts";

/** What a replica needs of the deployment that it belongs to. */
export interface Surroundings {
  readonly options: DeploymentOptions;
  /** The path of the next socket. L2 */
  readonly nextSocket: () => string;
  readonly members: () => Readonly<Record<string, readonly Member[]>>;
  readonly because: (service: string, name: string) => Promise<string | null>;
  readonly changed: (service: DeployedService) => void;
  readonly line: (service: string, replica: string, line: string) => void;
}

/** How one replica of a release is started, and who hears of it. */
export function toReplicaOptions(
  { options, nextSocket, members, because, changed, line }: Surroundings,
  service: DeployedService,
  ordinal: number,
  release: Release,
): ReplicaOptions {
  const { clock, env, inspected, inspecting, makeStorage, startTimeoutMs, watchdog } = options;
  // As it is now: a process of this release that is started again must not get what a later one declares.
  const { topology } = service;
  const name = replicaName(service.name, ordinal);
  const isInspected = inspected(service.name, ordinal);
  return {
    name,
    ordinal,
    revision: release.revision,
    launch: () => {
      const address = `unix:${nextSocket()}`;
      const storage = topology.storage === null ? undefined : makeStorage(service.name, ordinal);
      const launch = toLaunch(release, topology, {
        ordinal,
        address,
        env,
        storage,
        outside: service.exposure?.endpoint,
      });
      return { address, launch: isInspected ? { ...launch, flags: [...launch.flags, INSPECT_FLAG] } : launch };
    },
    stores: topology.storage !== null,
    drainMs: topology.limits.drainMs,
    startTimeoutMs,
    hangMs: isInspected ? undefined : hangMsOf(topology.limits),
    clock,
    changed: () => changed(service),
    began: (pid) => watchdog.add(pid),
    ended: (pid) => watchdog.remove(pid),
    line: (text) => {
      line(service.name, name, text);
      const address = isInspected ? inspectorAddress(text) : undefined;
      if (address !== undefined) inspecting(name, address);
    },
    greet: () => ({ type: "directory", services: members() }),
    suspect: because,
    certificate: async (host) => (await service.exposure?.certificates?.find(host)) ?? null,
  };
}
