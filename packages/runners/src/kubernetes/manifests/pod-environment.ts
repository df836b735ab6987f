import { type PeerNames, type ServiceTopology, VARIABLE } from "@hadron/core/spi";
import { containerEnvironment } from "../../replica/environment.ts";
import { INTERNAL_PORT } from "../../replica/layout.ts";
import { appNames } from "../objects/names.ts";
import type { ServiceInput } from "./index.ts";

type EnvVar = { readonly name: string; readonly value?: string; readonly valueFrom?: object };

/** What a replica is told: the contract, the declared variables, secrets by reference. */
export function toEnvironment(input: ServiceInput): readonly EnvVar[] {
  const { topology, service } = input;
  // The same as `status` and `logs` call it.
  const own = service.sharded ? {} : { name: `${service.name}.$(${POD})` };
  return [
    service.sharded
      ? { name: VARIABLE.ordinal, valueFrom: fieldOf("metadata.labels['apps.kubernetes.io/pod-index']") }
      : { name: POD, valueFrom: fieldOf("metadata.name") },
    ...toVariables(containerEnvironment({ ...input, peers: toPeers(input) }, service, own)),
    ...toDeclared(service, topology.app),
  ];
}

/** Stands for the pod's name in other variables. */
const POD = "HADRON_POD";

function toVariables(values: Readonly<Record<string, string>>): readonly EnvVar[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

function fieldOf(fieldPath: string): object {
  return { fieldRef: { apiVersion: "v1", fieldPath } };
}

/** What the service declares: its variables, and its secrets by reference. */
export function toDeclared({ env, secrets }: ServiceTopology, app: string): readonly EnvVar[] {
  const secret = appNames(app).secret;
  return [
    ...toVariables(env),
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
        const any = `${pods}:${INTERNAL_PORT}`;
        return [name, sharded ? { any, shard: `${base}-{ordinal}.${pods}:${INTERNAL_PORT}` } : { any }];
      }),
  );
}
