import type { PeerNames, ServiceTopology } from "@hadron/core/spi";
import { appNames } from "../objects/names.ts";
import type { ServiceInput } from "./index.ts";
import { COUNTS_FOLDER, EXPOSED_PORT, PEER_PORT } from "./pod.ts";

type EnvVar = { readonly name: string; readonly value?: string; readonly valueFrom?: object };

/** What a replica is told: the contract of `run/environment.ts` in core, the declared variables, secrets by reference. */
export function toEnvironment(input: ServiceInput): readonly EnvVar[] {
  const { topology, topologyHash, service, revision, runCall } = input;
  return [
    { name: "HADRON_APP", value: topology.app },
    { name: "HADRON_SERVICE", value: service.name },
    { name: "HADRON_REVISION", value: revision },
    { name: "HADRON_RUN", value: String(runCall) },
    { name: "HADRON_TOPOLOGY", value: "topology.json" },
    { name: "HADRON_TOPOLOGY_HASH", value: topologyHash },
    { name: "HADRON_LISTEN", value: `tcp:0.0.0.0:${PEER_PORT}` },
    ...(service.exposed === null ? [] : [{ name: "HADRON_EXPOSE", value: `tcp:0.0.0.0:${EXPOSED_PORT}` }]),
    { name: "HADRON_PEERS", value: JSON.stringify(toPeers(input)) },
    { name: "HADRON_COUNTS_FILE", value: `${COUNTS_FOLDER}/counts.json` },
    ...(service.sharded
      ? [{ name: "HADRON_ORDINAL", valueFrom: fieldOf("metadata.labels['apps.kubernetes.io/pod-index']") }]
      : [
          { name: "HADRON_POD", valueFrom: fieldOf("metadata.name") },
          // The same as `status` and `logs` call it.
          { name: "HADRON_NAME", value: `${service.name}.$(HADRON_POD)` },
        ]),
    ...toDeclared(service, topology.app),
  ];
}

function fieldOf(fieldPath: string): object {
  return { fieldRef: { apiVersion: "v1", fieldPath } };
}

/** What the service declares: its variables, and its secrets by reference. */
export function toDeclared({ env, secrets }: ServiceTopology, app: string): readonly EnvVar[] {
  const secret = appNames(app).secret;
  return [
    ...Object.entries(env).map(([name, value]) => ({ name, value })),
    ...secrets.map((name) => ({ name, valueFrom: { secretKeyRef: { name: secret, key: name } } })),
  ];
}

/** Names without a namespace: resolved in the pod's own, wherever the manifests are applied. */
function toPeers({ topology, allNames }: ServiceInput): PeerNames {
  return Object.fromEntries(
    topology.services
      .filter(({ image }) => image === null)
      .map(({ name, sharded }) => {
        const { base, pods } = allNames.get(name)!;
        const any = `${pods}:${PEER_PORT}`;
        return [name, sharded ? { any, shard: `${base}-{ordinal}.${pods}:${PEER_PORT}` } : { any }];
      }),
  );
}
