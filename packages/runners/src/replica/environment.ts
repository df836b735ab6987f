import { type PeerNames, type Program, type ServiceTopology, type Topology, toEnvironment } from "@hadron/core/spi";
import { needsCounts } from "./counts.ts";
import { COUNTS_FILE, COUNTS_FOLDER, EXPOSED_PORT, INTERNAL_PORT, TOPOLOGY_FILE } from "./layout.ts";

/** What the replicas of one version of an app are told alike. */
export interface Told {
  readonly topology: Topology;
  /** `hashTopology` of it. */
  readonly topologyHash: string;
  readonly revision: string;
  readonly runCall: Program["runCall"];
  readonly peers: PeerNames;
  /** Service → the host name of an image, where that is not its name. @default all are called by their names */
  readonly hosts?: Readonly<Record<string, string>> | undefined;
}

/**
 * The variables of a replica in a container, beside those that its service declares. Which replica it is, and where its
 * secrets are, is added by whoever knows it.
 */
export function containerEnvironment(
  { topology, topologyHash, revision, runCall, peers, hosts }: Told,
  service: ServiceTopology,
  own: {
    readonly ordinal?: number;
    readonly name?: string;
    readonly secretsFile?: string | undefined;
    readonly hangMs?: number;
    readonly leaveMs?: number | undefined;
    readonly outside?: string | undefined;
  },
): Readonly<Record<string, string>> {
  return toEnvironment({
    app: topology.app,
    service: service.name,
    ...own,
    revision,
    runCall,
    topologyPath: TOPOLOGY_FILE,
    topologyHash,
    listen: [`tcp:0.0.0.0:${INTERNAL_PORT}`],
    expose: service.exposed === null ? [] : [`tcp:0.0.0.0:${EXPOSED_PORT}`],
    peers,
    hosts,
    countsFile: needsCounts(topology) ? `${COUNTS_FOLDER}/${COUNTS_FILE}` : undefined,
  });
}
