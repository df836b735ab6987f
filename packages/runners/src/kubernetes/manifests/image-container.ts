import type { ImageTopology } from "@hadron/core/spi";
import { IMAGE_SECRETS_FOLDER } from "../../replica/layout.ts";
import { saidOf } from "../declared/said.ts";
import type { Container, Probe, Question, Volume } from "../objects/pod-spec.ts";
import { literal, toDeclared } from "./environment.ts";
import type { ServiceInput } from "./input.ts";
import { toResources } from "./resources.ts";
import { secretsOf } from "./secrets.ts";
import { storageMount } from "./storage.ts";

const SECRETS_VOLUME = "secrets";

/** Its secrets as files, too, which is how most images want them: `PASSWORD_FILE=/run/secrets/PASSWORD`. */
export function imageVolumes({ service, topology }: ServiceInput): readonly Volume[] {
  const places = secretsOf(service, topology.app);
  if (places.length === 0) return [];
  const sources = [...Map.groupBy(places, ({ holder }) => holder)].map(([name, held]) => ({
    secret: { name, items: held.map((place) => ({ key: place.name, path: place.name })) },
  }));
  return [{ name: SECRETS_VOLUME, projected: { sources, defaultMode: 0o444 } }];
}

/** The container of an image that is not ours: nothing is known of it but what its declaration says. */
export function imageContainer(input: ServiceInput, image: ImageTopology): Container {
  const { service, topology } = input;
  const ports = Object.entries(image.ports);
  const hasSecrets = secretsOf(service, topology.app).length > 0;
  return {
    name: "image",
    image: image.reference,
    ...(image.command === undefined ? {} : { command: image.command.map(literal) }),
    ...(image.args.length === 0 ? {} : { args: image.args.map(literal) }),
    ...(ports.length === 0
      ? {}
      : { ports: ports.map(([name, containerPort]) => ({ name, containerPort, protocol: "TCP" as const })) }),
    ...toProbes(image),
    env: toDeclared(service, topology.app),
    resources: toResources(service, saidOf(input)),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: false,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: "tmp", mountPath: "/tmp" },
      ...(hasSecrets ? [{ name: SECRETS_VOLUME, mountPath: IMAGE_SECRETS_FOLDER, readOnly: true }] : []),
      ...storageMount(service),
    ],
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

function toProbes(image: ImageTopology): { readonly startupProbe?: Probe; readonly readinessProbe?: Probe } {
  const question = toQuestion(image);
  if (question === undefined) return {};
  const probe = { ...question, timeoutSeconds: 2, successThreshold: 1 };
  return {
    startupProbe: { ...probe, periodSeconds: 1, failureThreshold: 120 },
    readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 2 },
  };
}

/**
 * What is declared, in the cluster's own way. It has none to look at a log: there its main port is asked, and `up` waits
 * for the line as well (see `awaitLogLines` and `hold.ts`).
 */
function toQuestion(image: ImageTopology): Question | undefined {
  const { ready } = image;
  if (ready !== undefined && "http" in ready) {
    const { port, path } = ready.http;
    return { httpGet: { path, port, scheme: "HTTP" } };
  }
  if (ready !== undefined && "command" in ready) return { exec: { command: [...ready.command] } };
  if (ready !== undefined && "tcp" in ready) return { tcpSocket: { port: ready.tcp } };
  const [main] = Object.keys(image.ports);
  return main === undefined ? undefined : { tcpSocket: { port: main } };
}
