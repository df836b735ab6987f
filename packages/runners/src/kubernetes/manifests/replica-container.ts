import { hangMsOf } from "@hadron/core/spi";
import { IMAGE, replicaCommand } from "../../replica/image.ts";
import { COUNTS_FOLDER, EXPOSED_PORT, INTERNAL_PORT } from "../../replica/layout.ts";
import { saidOf } from "../declared/said.ts";
import { appNames } from "../objects/names.ts";
import type { Container, Probe, Question, Volume } from "../objects/pod-spec.ts";
import { toEnvironment } from "./environment.ts";
import type { ServiceInput } from "./input.ts";
import { toResources } from "./resources.ts";
import { storageMount } from "./storage.ts";

export function replicaVolumes(app: string): readonly Volume[] {
  return [{ name: "counts", configMap: { name: appNames(app).counts } }];
}

/** The container of our own code. */
export function replicaContainer(input: ServiceInput): Container {
  const { service, image } = input;
  return {
    name: "replica",
    image,
    imagePullPolicy: "IfNotPresent",
    command: [...replicaCommand(service)],
    workingDir: IMAGE.workingDirectory,
    ports: [
      { name: "hadron", containerPort: INTERNAL_PORT, protocol: "TCP" },
      ...(service.exposed === null ? [] : [{ name: "http", containerPort: EXPOSED_PORT, protocol: "TCP" } as const]),
    ],
    env: toEnvironment(input),
    resources: toResources(service, saidOf(input)),
    // Node is up in well under a second: looked at each second. Then it is given time: a garbage collection or a heavy
    // handler stops a process for seconds, and a restart would not make it faster.
    startupProbe: {
      ...ask("/readyz"),
      periodSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: 120,
      successThreshold: 1,
    },
    readinessProbe: {
      ...ask("/readyz"),
      periodSeconds: 5,
      timeoutSeconds: 3,
      failureThreshold: 2,
      successThreshold: 1,
    },
    livenessProbe: {
      ...ask("/healthz"),
      ...everyWithin(hangMsOf(service.limits)),
      successThreshold: 1,
      // What hangs does not hear that it should end.
      terminationGracePeriodSeconds: 1,
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: "tmp", mountPath: "/tmp" },
      { name: "counts", mountPath: COUNTS_FOLDER, readOnly: true },
      ...storageMount(service),
    ],
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

const LIVENESS_PROBES = 6;

/** How often it is asked whether it is alive, so that it is given up after this time. */
function everyWithin(hangMs: number): Pick<Probe, "periodSeconds" | "timeoutSeconds" | "failureThreshold"> {
  const periodSeconds = Math.max(1, Math.round(hangMs / 1000 / LIVENESS_PROBES));
  return { periodSeconds, timeoutSeconds: Math.min(5, periodSeconds), failureThreshold: LIVENESS_PROBES };
}

function ask(path: string): Question {
  return { httpGet: { path, port: "hadron", scheme: "HTTP" } };
}
