import { posix } from "node:path";
import { mainPort, type ServiceTopology } from "@hadron/core/spi";
import { IMAGE, replicaCommand } from "../../replica/image.ts";
import { COUNTS_FOLDER, EXPOSED_PORT, FILES_FOLDER, INTERNAL_PORT, USER_ID } from "../../replica/layout.ts";
import { appNames } from "../objects/names.ts";
import type { ServiceInput } from "./index.ts";
import { toDeclared, toEnvironment } from "./pod-environment.ts";
import { toBytes, toCores } from "./quantity.ts";

/** What one replica asks for at least; ninety pods fit on two cores. Above it, it may use what is declared. */
const REQUESTED_CORES = 0.01;
const REQUESTED_BYTES = 64 * 2 ** 20;
/** How long an exposed replica serves on after its end was announced, while proxies and balancers learn of it. */
const ANNOUNCE_SECONDS = 2;

/** The pod of a service: what the "restricted" Pod Security Standard admits. */
export function toPod(input: ServiceInput): object {
  const { topology, service, names, pullSecret } = input;
  const isOwn = service.image === null;
  const announce = isOwn && service.exposed !== null && !service.sharded;
  const labels = {
    "app.kubernetes.io/name": names.label,
    "app.kubernetes.io/part-of": topology.app,
    "app.kubernetes.io/managed-by": "hadron",
  };
  return {
    serviceAccountName: appNames(topology.app).account,
    automountServiceAccountToken: false,
    // One variable for each port of each Service of the namespace otherwise, in every pod.
    enableServiceLinks: false,
    // A question of DNS that was lost is asked again after a second: after five, as it is otherwise, calls have waited.
    dnsConfig: {
      options: [
        { name: "timeout", value: "1" },
        { name: "attempts", value: "3" },
      ],
    },
    terminationGracePeriodSeconds: Math.ceil(service.limits.drainMs / 1000) + (announce ? ANNOUNCE_SECONDS : 0) + 5,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER_ID,
      runAsGroup: USER_ID,
      fsGroup: USER_ID,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...(pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
    ...(service.replicas < 2
      ? {}
      : {
          topologySpreadConstraints: ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map((key) =>
            spread(key, labels),
          ),
        }),
    containers: [isOwn ? toContainer(input, announce) : toImageContainer(input)],
    volumes: [
      { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
      ...(isOwn ? [{ name: "counts", configMap: { name: appNames(topology.app).counts } }] : []),
    ],
  };
}

function toContainer(input: ServiceInput, announce: boolean): object {
  const { service, image } = input;
  return {
    name: "replica",
    image,
    imagePullPolicy: "IfNotPresent",
    command: [...replicaCommand(service)],
    workingDir: IMAGE.workingDirectory,
    ports: [
      { name: "hadron", containerPort: INTERNAL_PORT, protocol: "TCP" },
      ...(service.exposed === null ? [] : [{ name: "http", containerPort: EXPOSED_PORT, protocol: "TCP" }]),
    ],
    env: toEnvironment(input),
    resources: toResources(service),
    // Node is up in well under a second: looked at each second. Then it is given time: a garbage collection or a heavy
    // handler stops a process for seconds, and a restart would not make it faster.
    startupProbe: {
      httpGet: { path: "/readyz", port: "hadron", scheme: "HTTP" },
      periodSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: 120,
      successThreshold: 1,
    },
    readinessProbe: {
      httpGet: { path: "/readyz", port: "hadron", scheme: "HTTP" },
      periodSeconds: 5,
      timeoutSeconds: 3,
      failureThreshold: 2,
      successThreshold: 1,
    },
    livenessProbe: {
      httpGet: { path: "/healthz", port: "hadron", scheme: "HTTP" },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 3,
      successThreshold: 1,
    },
    ...(announce ? { lifecycle: { preStop: { sleep: { seconds: ANNOUNCE_SECONDS } } } } : {}),
    securityContext: toSecurity(true),
    volumeMounts: [
      { name: "tmp", mountPath: "/tmp" },
      { name: "counts", mountPath: COUNTS_FOLDER, readOnly: true },
      ...(service.storage === null
        ? []
        : [{ name: "data", mountPath: posix.resolve(FILES_FOLDER, service.storage.path) }]),
    ],
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

/** An image that is not ours: nothing is known of it but the port that it listens on. */
function toImageContainer({ service, topology }: ServiceInput): object {
  const { reference, args } = service.image!;
  const port = mainPort(service.image!);
  const probe = { tcpSocket: { port: "main" }, timeoutSeconds: 2, successThreshold: 1 };
  return {
    name: "image",
    image: reference,
    ...(args.length === 0 ? {} : { args: [...args] }),
    ...(port === null
      ? {}
      : {
          ports: [{ name: "main", containerPort: port, protocol: "TCP" }],
          startupProbe: { ...probe, periodSeconds: 1, failureThreshold: 120 },
          readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 2 },
        }),
    env: toDeclared(service, topology.app),
    resources: toResources(service),
    securityContext: toSecurity(false),
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

function toResources({ capacity: { cpu, memoryBytes } }: ServiceTopology): object {
  return {
    requests: { cpu: toCores(Math.min(cpu, REQUESTED_CORES)), memory: toBytes(Math.min(memoryBytes, REQUESTED_BYTES)) },
    limits: { cpu: toCores(cpu), memory: toBytes(memoryBytes) },
  };
}

function toSecurity(readOnlyRootFilesystem: boolean): object {
  return { allowPrivilegeEscalation: false, readOnlyRootFilesystem, capabilities: { drop: ["ALL"] } };
}

function spread(topologyKey: string, matchLabels: object): object {
  return { maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway", labelSelector: { matchLabels } };
}
