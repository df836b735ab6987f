import type { Program, RunContext, ServiceTopology, Topology } from "@hadron/core/spi";
import type { Bundle } from "../../bundle/index.ts";
import { countsOf, needsCounts } from "../../replica/counts.ts";
import { revisionOf } from "../../replica/revision.ts";
import { type ContainerSpec, replicaSpec } from "../containers/spec.ts";
import type { Engine } from "../engine/client.ts";
import { appContent, type BaseImage, type ImageContent } from "../image/index.ts";
import { ingressContent } from "../ingress/content.ts";
import { ingressSpec, needsIngress } from "../ingress/spec.ts";
import { countsVolume, imageTag, storageVolume } from "../names/names.ts";
import { placeSecrets, type SecretsPlace } from "../volumes/secrets.ts";
import type { World } from "../world/world.ts";
import type { Desired, DesiredVolume } from "./plan.ts";

/** What should be, with what it is made of. */
export interface Wanted {
  readonly desired: Desired;
  readonly revision: string;
  /** The app's image: any of our containers can be made from it. */
  readonly image: string;
  /** By tag. */
  readonly contents: ReadonlyMap<string, ImageContent>;
  readonly secrets: ReadonlyMap<string, SecretsPlace>;
}

/** Works out what the engine should have for a program. Changes nothing. */
export async function toWanted(
  engine: Engine,
  program: Program,
  bundle: Bundle,
  base: BaseImage,
  world: World,
  context: RunContext,
): Promise<Wanted> {
  const { topology } = program;
  const { app, services } = topology;
  const revision = revisionOf(program, bundle);
  const exposed = services.filter(needsIngress);
  const [content, ingress, secrets] = await Promise.all([
    appContent(program, bundle, base),
    exposed.length === 0 ? undefined : ingressContent(app, base, context.signal),
    placeSecrets(engine, app, services, program.secrets, world, context.signal),
  ]);
  const image = imageTag(app, content.hash);
  const contents = new Map([[image, content]]);
  const ingressTag = ingress === undefined ? undefined : imageTag(app, `ingress-${ingress.hash}`);
  if (ingressTag !== undefined) contents.set(ingressTag, ingress!);
  const options = {
    topology,
    topologyHash: program.hash,
    revision,
    runCall: program.runCall,
    image,
    secrets: Object.fromEntries([...secrets].map(([service, { volume }]) => [service, volume])),
  };
  const containers = services.flatMap((service): readonly ContainerSpec[] => [
    ...Array.from({ length: service.replicas }, (_, ordinal) => replicaSpec(options, service, ordinal)),
    ...(needsIngress(service) ? [ingressSpec(app, service, ingressTag!, revision)] : []),
  ]);
  return {
    desired: {
      app,
      images: [...contents.keys()],
      volumes: volumesOf(topology, secrets),
      containers,
      counts: countsOf(topology),
    },
    revision,
    image,
    contents,
    secrets,
  };
}

function volumesOf(topology: Topology, secrets: ReadonlyMap<string, SecretsPlace>): readonly DesiredVolume[] {
  const { app, services } = topology;
  return [
    ...(needsCounts(topology) ? [{ name: countsVolume(app), role: "counts" as const, service: undefined }] : []),
    ...[...secrets].map(([service, { volume }]) => ({ name: volume, role: "secrets" as const, service })),
    ...services.flatMap((service) => storageOf(app, service)),
  ];
}

function storageOf(app: string, { name, storage, replicas }: ServiceTopology): readonly DesiredVolume[] {
  if (storage === null) return [];
  return Array.from({ length: replicas }, (_, ordinal) => ({
    name: storageVolume(app, name, ordinal),
    role: "storage" as const,
    service: name,
  }));
}
