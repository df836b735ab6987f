import { checkScale, HadronError, own, type RunContext, type ServiceTopology } from "@hadron/core/spi";
import { all } from "../../shared/all.ts";
import { createContainer, retireContainer, startContainer } from "../containers/containers.ts";
import type { ContainerSpec } from "../containers/finish.ts";
import { waitUntilReady } from "../containers/ready.ts";
import { replicaSpec, type SpecOptions } from "../containers/spec.ts";
import type { Engine } from "../engine/client.ts";
import { LABEL } from "../names/labels.ts";
import { storageVolume } from "../names/names.ts";
import { readDeployed } from "../plan/deployed.ts";
import { readCounts, writeCounts } from "../volumes/counts.ts";
import { readSecrets } from "../volumes/secrets.ts";
import { storageContent } from "../volumes/storage.ts";
import { fillVolumes } from "../volumes/volumes.ts";
import { lookAt, seeContainers, type World } from "../world/world.ts";
import { takeLock } from "./lock.ts";

/**
 * Runs so many replicas of a service from now on; `up` puts back what is declared. Interchangeable replicas come and go
 * by themselves. Of shards, callers are told: of new ones when they are ready, of those that go before they do.
 */
export async function scale(
  engine: Engine,
  app: string,
  name: string,
  replicas: number,
  context: RunContext,
): Promise<void> {
  await using lock = await takeLock(engine, app, `scale of ${name}`, context);
  const signal = AbortSignal.any([context.signal, lock.signal]);
  const world = await lookAt(engine, app, signal);
  const deployed = await readDeployed(engine, app, world, name, signal);
  if (deployed === undefined) {
    throw new HadronError("WRONG_USE", `The app "${app}" does not run on this engine; deploy it with up.`);
  }
  const service = checkScale(deployed.topology.services, name, replicas);
  const own = world.containers
    .filter((container) => container.service === name && container.role !== "ingress")
    .sort((a, b) => a.ordinal - b.ordinal);
  context.progress.step(name, `${own.length} → ${replicas} replicas`);
  const has = new Set(own.map(({ ordinal }) => ordinal));
  const missing = Array.from({ length: replicas }, (_, ordinal) => ordinal).filter((ordinal) => !has.has(ordinal));
  const specs = missing.map((ordinal) => replicaSpec(deployed, service, ordinal));
  await makeStorage(engine, deployed, service, missing, signal);
  await grow(engine, deployed, service, specs, world, signal);
  await all(
    own
      .filter(({ ordinal, state }) => ordinal < replicas && state !== "running")
      .map(({ id }) => startContainer(engine, id, signal)),
  );
  if (service.sharded) {
    const counts = { ...(await readCounts(engine, world, app, signal)), [name]: replicas };
    await writeCounts(engine, app, deployed.image, counts, await seeContainers(engine, app, signal), signal);
  }
  await all(own.filter(({ ordinal }) => ordinal >= replicas).map((seen) => retireContainer(engine, seen, signal)));
}

async function grow(
  engine: Engine,
  deployed: SpecOptions,
  service: ServiceTopology,
  specs: readonly ContainerSpec[],
  world: World,
  signal: AbortSignal,
): Promise<void> {
  const volume = own(deployed.secrets, service.name);
  const secretEnvironment =
    service.image === null || volume === undefined ? {} : await readSecrets(engine, service, volume, world, signal);
  await all(
    specs.map(async (spec) => {
      const { id } = await createContainer(engine, spec, { successorOf: undefined, secretEnvironment, signal });
      await startContainer(engine, id, signal);
      await waitUntilReady(engine, id, spec, signal);
    }),
  );
}

async function makeStorage(
  engine: Engine,
  { topology: { app }, image }: SpecOptions,
  service: ServiceTopology,
  ordinals: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  if (service.storage === null) return;
  const volumes = ordinals.map((ordinal) => storageVolume(app, service.name, ordinal));
  const Labels = { [LABEL.app]: app, [LABEL.role]: "storage", [LABEL.service]: service.name };
  await all(volumes.map((Name) => engine.post("/volumes/create", { body: { Name, Labels }, signal })));
  const contents = volumes.flatMap((volume) => storageContent(service, volume));
  await fillVolumes(engine, app, image, contents, signal);
}
