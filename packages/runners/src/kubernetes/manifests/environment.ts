import { hostnamesOf, type PeerNames, type ServiceTopology, type Topology, VARIABLE } from "@hadron/core/spi";
import { containerEnvironment } from "../../replica/environment.ts";
import { INTERNAL_PORT } from "../../replica/layout.ts";
import { declaredEnvironment } from "../../shared/declared-environment.ts";
import { isSecure } from "../declared/ingress.ts";
import { imageHost } from "../objects/names.ts";
import type { EnvVar } from "../objects/pod-spec.ts";
import { announceSeconds, isStateful, type ServiceInput } from "./input.ts";
import { secretsOf } from "./secrets.ts";

/** What a replica is told: the contract, the declared variables, secrets by reference. */
export function toEnvironment(input: ServiceInput): readonly EnvVar[] {
  const { topology, service } = input;
  const isNumbered = isStateful(service);
  // The same as `status` and `logs` call it.
  const [hostname] = service.exposed === null ? [] : hostnamesOf(service.exposed);
  const scheme = isSecure(topology, service) ? "https" : "http";
  const outside = hostname === undefined ? undefined : `${scheme}://${hostname}`;
  const leaveMs = announceSeconds(service) * 1000 || undefined;
  const own = { outside, leaveMs, ...(isNumbered ? {} : { name: `${service.name}.$(${POD})` }) };
  return [
    isNumbered
      ? ofField(VARIABLE.ordinal, "metadata.labels['apps.kubernetes.io/pod-index']")
      : ofField(POD, "metadata.name"),
    ...toVariables(containerEnvironment({ ...input, peers: toPeers(input), hosts: toHosts(topology) }, service, own)),
    ...toDeclared({ ...service, env: declaredEnvironment(service) }, topology.app),
  ];
}

/** Stands for the pod's name in other variables. */
const POD = "HADRON_POD";

function toVariables(values: Readonly<Record<string, string>>): readonly EnvVar[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

function ofField(name: string, fieldPath: string): EnvVar {
  return { name, valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } } };
}

/** What the service declares: its variables, and its secrets by reference. */
export function toDeclared(service: ServiceTopology, app: string): readonly EnvVar[] {
  return [
    ...Object.entries(service.env).map(([name, value]) => ({ name, value: literal(value) })),
    ...secretsOf(service, app).map(
      ({ name, holder }): EnvVar => ({ name, valueFrom: { secretKeyRef: { name: holder, key: name } } }),
    ),
  ];
}

/** Names without a namespace: resolved in the pod's own, wherever the manifests are applied. */
function toPeers({ topology, allNames }: ServiceInput): PeerNames {
  return Object.fromEntries(
    topology.services.flatMap(({ name, sharded, image }) => {
      const names = allNames.get(name);
      if (image !== null || names === undefined) return [];
      const { base, pods } = names;
      const any = `${pods}:${INTERNAL_PORT}`;
      return [[name, sharded ? { any, shard: `${base}-{ordinal}.${pods}:${INTERNAL_PORT}` } : { any }]];
    }),
  );
}

/** Of the images whose names are none in DNS; undefined where there are none of them. */
function toHosts({ services }: Topology): Readonly<Record<string, string>> | undefined {
  const hosts = services.flatMap(({ name, image }) =>
    image === null || imageHost(name) === name ? [] : [[name, imageHost(name)]],
  );
  return hosts.length === 0 ? undefined : Object.fromEntries(hosts);
}

/**
 * A text as a container of a cluster gets it unchanged: in variables, commands and arguments `$(NAME)` is replaced, and `$$` is `$`.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function literal(text: string): string {
  return text.replaceAll(/\$(?=[$(])/g, "$$$$");
}
