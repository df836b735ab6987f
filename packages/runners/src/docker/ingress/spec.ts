import { mainPort, type ServiceTopology } from "@hadron/core/spi";
import { IMAGE } from "../../replica/image.ts";
import { APP_FOLDER, EXPOSED_PORT, INTERNAL_PORT } from "../../replica/layout.ts";
import { type ContainerSpec, finish } from "../containers/finish.ts";
import { HARDENED } from "../containers/payload.ts";
import { publishesItself, stopSeconds } from "../containers/spec.ts";
import type { BaseImage } from "../image/index.ts";
import {
  CERTIFICATE_FILE,
  INGRESS_FOLDER,
  type IngressForm,
  type IngressSettings,
  PROGRAM_FILE,
  toForm,
} from "../names/ingress-form.ts";
import { ingressName, ingressVolume } from "../names/names.ts";
import type { IngressCertificate } from "./certificate.ts";

/**
 * Of the door and of what it and a program say to each other. Raised where a door that runs already cannot do with the next
 * program: then its container is replaced, and callers are refused meanwhile.
 */
const DOOR_VERSION = 1;

/** The door, its program, and the next one beside that. */
const MEMORY_BYTES = 256 * 1024 * 1024;
/** The door ends its program in time by itself. An engine cannot be told another limit without a new container. */
const STOP_SECONDS = 600;

/** Whether a service is exposed through an ingress. */
export function needsIngress(service: ServiceTopology): boolean {
  return (
    service.exposed !== null &&
    !publishesItself(service) &&
    (service.image === null || mainPort(service.image) !== null)
  );
}

/** What the program of a service's ingress is told. */
function ingressSettings(
  app: string,
  service: ServiceTopology,
  certificate: IngressCertificate | undefined,
): IngressSettings {
  const port = service.image === null ? null : mainPort(service.image);
  return {
    app,
    service: service.name,
    listen: EXPOSED_PORT,
    // An image speaks a protocol of its own: its bytes are passed on as they are.
    target: port === null ? { calls: INTERNAL_PORT } : { bytes: port },
    ...(service.web === undefined ? {} : { web: service.web }),
    ...(service.webPaths === undefined ? {} : { webPaths: service.webPaths }),
    limits: service.limits,
    ...(service.exposed?.connectionsPerAddress === undefined
      ? {}
      : { connectionsPerAddress: service.exposed.connectionsPerAddress }),
    ...(service.exposed?.proxyProtocol === undefined ? {} : { proxyProtocol: service.exposed.proxyProtocol }),
    ...(certificate === undefined
      ? {}
      : { tls: { file: `${INGRESS_FOLDER}/${CERTIFICATE_FILE}`, state: certificate.state } }),
  };
}

/**
 * The container that keeps the port of a service while its replicas come and go. Neither its code nor its settings are in
 * it, so that it stays when they change: see `door.ts`.
 *
 * @param program The hash of the program's code.
 */
export function ingressSpec(
  app: string,
  service: ServiceTopology,
  base: BaseImage,
  program: string,
  revision: string,
  certificate: IngressCertificate | undefined,
): ContainerSpec {
  const { name, exposed } = service;
  const aspects = {
    image: {
      Image: base.name,
      Entrypoint: ["node", "--max-old-space-size=32", `${INGRESS_FOLDER}/${PROGRAM_FILE}`, INGRESS_FOLDER],
      User: IMAGE.user,
      StopSignal: "SIGTERM",
    },
    // Who comes to speak TLS, or no more, has another address: no certificate is a reason to replace it.
    env: { Env: [`HADRON_DOOR=${DOOR_VERSION}`, ...(certificate === undefined ? [] : ["HADRON_TLS=1"])] },
    resources: { Memory: MEMORY_BYTES, MemorySwap: MEMORY_BYTES, NanoCpus: 2e9 },
    mounts: {
      Mounts: [
        {
          Type: "volume" as const,
          Source: ingressVolume(app, name),
          Target: INGRESS_FOLDER,
          ReadOnly: true,
          VolumeOptions: { NoCopy: true },
        },
      ],
    },
    ports: { [`${EXPOSED_PORT}/tcp`]: [{ HostIp: exposed?.host ?? "", HostPort: String(exposed?.port ?? "") }] },
    stop: { StopTimeout: Math.max(STOP_SECONDS, stopSeconds(service)) },
  };
  return finish({
    app,
    // A new revision of the app is no reason to replace it.
    revision,
    name: ingressName(app, name),
    service: name,
    ordinal: -1,
    role: "ingress",
    exclusive: exposed?.port != null,
    aliases: [],
    ready: { by: "word" },
    form: toForm(program, ingressSettings(app, service, certificate)),
    procedures: [],
    tls: certificate !== undefined,
    aspects,
    signed: { ...aspects, image: { ...aspects.image, Image: base.id }, stop: { StopTimeout: STOP_SECONDS } },
    host: HARDENED,
  });
}

/** The same for an exported Compose file: from an image that has the program, which owns the port itself. */
export function exportedIngress(spec: ContainerSpec, { settings }: IngressForm, image: string): ContainerSpec {
  const { Mounts: _, ...HostConfig } = spec.payload.HostConfig;
  return {
    ...spec,
    payload: {
      ...spec.payload,
      Image: image,
      Entrypoint: ["node", "--max-old-space-size=96", `${APP_FOLDER}/${PROGRAM_FILE}`],
      Env: [`INGRESS=${JSON.stringify(settings)}`],
      HostConfig,
      StopTimeout: stopSeconds(settings),
    },
  };
}
