import { USER_ID } from "../../replica/layout.ts";
import { saidOf } from "../declared/said.ts";
import { labelsOf } from "../objects/labels.ts";
import { appNames } from "../objects/names.ts";
import type { PodSpec, Volume } from "../objects/pod-spec.ts";
import { imageContainer, imageVolumes } from "./image-container.ts";
import { announceSeconds, type ServiceInput } from "./input.ts";
import { replicaContainer, replicaVolumes } from "./replica-container.ts";

/** The pod of a service: what the "restricted" Pod Security Standard admits, unless an image has to be root. */
export function toPod(input: ServiceInput): PodSpec {
  const { topology, service, names, pullSecret } = input;
  const { image } = service;
  const { uid, gid } = image?.user ?? { uid: USER_ID, gid: USER_ID };
  const labels = labelsOf(topology.app, names.label);
  const { nodeSelector, tolerations } = saidOf(input);
  const volumes: readonly Volume[] = image === null ? replicaVolumes(topology.app) : imageVolumes(input);
  return {
    serviceAccountName: appNames(topology.app).account,
    automountServiceAccountToken: false,
    // One variable for each port of each Service of the namespace otherwise, in every pod.
    enableServiceLinks: false,
    // Process 1 is the pod's then, which reaps what a replica's own children leave behind. An image may be made to be process 1.
    ...(image === null ? { shareProcessNamespace: true } : {}),
    // A question of DNS that was lost is asked again after a second: after five, as it is otherwise, calls have waited.
    dnsConfig: {
      options: [
        { name: "timeout", value: "1" },
        { name: "attempts", value: "3" },
      ],
    },
    terminationGracePeriodSeconds: Math.ceil(service.limits.drainMs / 1000) + announceSeconds(service) + 5,
    securityContext: {
      runAsNonRoot: uid !== 0,
      runAsUser: uid,
      runAsGroup: gid,
      fsGroup: gid,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(tolerations === undefined ? {} : { tolerations }),
    ...(pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
    ...(service.replicas < 2
      ? {}
      : {
          topologySpreadConstraints: ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map((topologyKey) => ({
            maxSkew: 1,
            topologyKey,
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: labels },
          })),
        }),
    containers: [image === null ? replicaContainer(input) : imageContainer(input, image)],
    volumes: [{ name: "tmp", emptyDir: { sizeLimit: "64Mi" } }, ...volumes],
  };
}
