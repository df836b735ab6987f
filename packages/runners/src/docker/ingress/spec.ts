import { mainPort, type ServiceTopology } from "@hadron/core/spi";
import { IMAGE } from "../../replica/image.ts";
import { APP_FOLDER, EXPOSED_PORT, INTERNAL_PORT } from "../../replica/layout.ts";
import { type ContainerSpec, finish } from "../containers/finish.ts";
import { HARDENED } from "../containers/payload.ts";
import { publishesItself, stopSeconds } from "../containers/spec.ts";
import { ingressName } from "../names/names.ts";
import type { IngressSettings } from "./settings.ts";

/** The bundle of an ingress, in its image. */
export const INGRESS_FILE = "ingress.mjs";

/** Whether a service is exposed through an ingress. */
export function needsIngress(service: ServiceTopology): boolean {
  return (
    service.exposed !== null &&
    !publishesItself(service) &&
    (service.image === null || mainPort(service.image) !== null)
  );
}

/** The container that keeps the port of a service while its replicas come and go. */
export function ingressSpec(app: string, service: ServiceTopology, image: string, revision: string): ContainerSpec {
  const { name, exposed } = service;
  const settings: IngressSettings = {
    app,
    service: name,
    listen: EXPOSED_PORT,
    // An image speaks a protocol of its own: its bytes are passed on as they are.
    target: service.image === null ? { calls: INTERNAL_PORT } : { bytes: mainPort(service.image)! },
    limits: service.limits,
  };
  const env = { INGRESS: JSON.stringify(settings) };
  const aspects = {
    image: {
      Image: image,
      Entrypoint: ["node", "--max-old-space-size=96", `${APP_FOLDER}/${INGRESS_FILE}`],
      User: IMAGE.user,
      StopSignal: "SIGTERM",
    },
    env: { Env: Object.entries(env).map(([key, value]) => `${key}=${value}`) },
    resources: { Memory: 128 * 1024 * 1024, MemorySwap: 128 * 1024 * 1024, NanoCpus: 2e9 },
    mounts: {},
    ports: { [`${EXPOSED_PORT}/tcp`]: [{ HostIp: exposed!.host, HostPort: String(exposed!.port ?? "") }] },
    stop: { StopTimeout: stopSeconds(service) },
  };
  return finish({
    app,
    // Its own version is in its image: a new revision of the app is no reason to replace it.
    revision,
    name: ingressName(app, name),
    service: name,
    ordinal: -1,
    role: "ingress",
    exclusive: exposed!.port !== null,
    aliases: [],
    ready: { by: "word" },
    procedures: [],
    aspects,
    signed: aspects,
    host: HARDENED,
  });
}
