import { dirname } from "node:path";
import type { Program, RunContext, Topology } from "@hadron/core/spi";
import type { Layout } from "../../layout/index.ts";
import { countsOf, needsCounts } from "../../replica/counts.ts";
import { revisionOf } from "../../replica/revision.ts";
import type { ContainerSpec } from "../containers/finish.ts";
import { replicaSpec } from "../containers/spec.ts";
import type { Engine } from "../engine/client.ts";
import { appContent, type BaseImage, type ImageContent } from "../image/index.ts";
import { findCertificate } from "../ingress/certificate.ts";
import { bundleIngress, ingressContent, ingressVolumeContent } from "../ingress/content.ts";
import { ingressSpec, needsIngress } from "../ingress/spec.ts";
import { countsVolume, generatedVolume, imageTag, ingressImageTag, ingressVolume } from "../names/names.ts";
import { findGenerated, type Generated } from "../volumes/generated.ts";
import { placeSecrets, type SecretsPlace } from "../volumes/secrets.ts";
import { storageVolumes } from "../volumes/storage.ts";
import type { VolumeContent } from "../volumes/volumes.ts";
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
  /** The tag of the image of ingresses, which exported files name; undefined where there are none. */
  readonly ingressImage: string | undefined;
  /** By service, what runs in its ingress. */
  readonly ingresses: ReadonlyMap<string, IngressContent>;
  /** By service, of those that have some. */
  readonly secrets: ReadonlyMap<string, SecretsPlace>;
  readonly generated: Generated;
}

/** What an ingress runs, once its certificate is there. */
export type IngressContent = () => Promise<{ readonly content: VolumeContent; readonly advice?: string }>;

/** Works out what the engine should have for a program. Changes nothing. */
export async function toWanted(
  engine: Engine,
  program: Program,
  layout: Layout,
  base: BaseImage,
  world: World,
  settings: { readonly authority: string },
  context: RunContext,
): Promise<Wanted> {
  const { topology } = program;
  const { app, services } = topology;
  const revision = revisionOf(program, layout);
  const exposed = services.filter(needsIngress);
  const places = { ...settings, appFolder: dirname(program.entry), secrets: program.secrets };
  const [content, ingress, { generated, secrets }, certificates] = await Promise.all([
    appContent(program, layout, base),
    exposed.length === 0 ? undefined : bundleIngress(context.signal),
    findSecrets(engine, program, world, base, context.signal),
    Promise.all(
      exposed.map(
        async (service) =>
          [service.name, await findCertificate(engine, service, world.containers, places, context.signal)] as const,
      ),
    ).then((found) => new Map(found)),
  ]);
  const image = imageTag(app, content.hash);
  const contents = new Map([[image, content]]);
  const exported = ingress === undefined ? undefined : ingressContent(app, ingress, base);
  const ingressImage = exported === undefined ? undefined : ingressImageTag(app, exported.hash);
  if (exported !== undefined && ingressImage !== undefined) contents.set(ingressImage, exported);
  const ingresses = new Map<string, IngressContent>();
  const options = {
    topology,
    topologyHash: program.hash,
    revision,
    runCall: program.runCall,
    image,
    secrets: Object.fromEntries([...secrets].map(([service, { volume }]) => [service, volume])),
  };
  const containers = services.flatMap((service): readonly ContainerSpec[] => {
    const replicas = Array.from({ length: service.replicas }, (_, ordinal) => replicaSpec(options, service, ordinal));
    if (ingress === undefined || !needsIngress(service)) return replicas;
    const certificate = certificates.get(service.name);
    const spec = ingressSpec(app, service, base, ingress.hash, revision, certificate);
    const { form } = spec;
    if (form !== undefined) {
      ingresses.set(service.name, async () => {
        const { pair, advice } = (await certificate?.make()) ?? {};
        const content = ingressVolumeContent(app, service, ingress, form, pair);
        return advice === undefined ? { content } : { content, advice };
      });
    }
    return [...replicas, spec];
  });
  return {
    desired: {
      app,
      images: [image],
      exported: ingressImage === undefined ? [] : [ingressImage],
      volumes: volumesOf(topology, secrets),
      containers,
      counts: countsOf(topology),
    },
    revision,
    image,
    contents,
    ingressImage,
    ingresses,
    secrets,
    generated,
  };
}

async function findSecrets(engine: Engine, program: Program, world: World, base: BaseImage, signal: AbortSignal) {
  const { app, services } = program.topology;
  const generated = await findGenerated(engine, app, services, world, base.name, signal);
  const values = { ...program.secrets, ...generated.values };
  return { generated, secrets: await placeSecrets(engine, app, services, values, world, signal) };
}

function volumesOf(topology: Topology, secrets: ReadonlyMap<string, SecretsPlace>): readonly DesiredVolume[] {
  const { app, services } = topology;
  return [
    ...(needsCounts(topology) ? [{ name: countsVolume(app), role: "counts" as const, service: undefined }] : []),
    ...[...secrets].map(([service, { volume }]) => ({ name: volume, role: "secrets" as const, service })),
    ...(services.some(({ generated = [] }) => generated.length > 0)
      ? [{ name: generatedVolume(app), role: "generated" as const, service: undefined }]
      : []),
    ...services
      .filter(needsIngress)
      .map(({ name }) => ({ name: ingressVolume(app, name), role: "ingress" as const, service: name })),
    ...services.flatMap((service) =>
      storageVolumes(app, service).map((name) => ({ name, role: "storage" as const, service: service.name })),
    ),
  ];
}
