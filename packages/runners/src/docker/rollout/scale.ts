import { didYouMean, HadronError, type RunContext } from "@hadron/core/spi";
import { USER_ID } from "../../replica/layout.ts";
import { all } from "../../shared/all.ts";
import { createContainer, retireContainer, startContainer } from "../containers/containers.ts";
import { waitUntilReady } from "../containers/ready.ts";
import type { ContainerSpec } from "../containers/spec.ts";
import type { Engine } from "../engine/client.ts";
import { LABEL } from "../names/labels.ts";
import { containerName, countsVolume, networkName, storageVolume } from "../names/names.ts";
import { readCounts, writeCounts } from "../volumes/counts.ts";
import { fillVolumes } from "../volumes/volumes.ts";
import { type SeenContainer, seeContainers } from "../world/world.ts";
import { takeLock } from "./lock.ts";

/** The part of a container's details from which another replica of the same service can be made. */
interface Template {
  readonly Config: Readonly<Record<string, unknown>> & {
    readonly Image: string;
    readonly Env: readonly string[] | null;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly HostConfig: Readonly<Record<string, unknown>> & {
    readonly Mounts?: readonly { readonly Source: string }[] | null;
  };
}

/**
 * Runs so many replicas of a service from now on; `up` puts back what is declared. Interchangeable replicas come and go
 * by themselves. Of shards, callers are told: of new ones when they are ready, of those that go before they do.
 */
export async function scale(
  engine: Engine,
  app: string,
  service: string,
  replicas: number,
  context: RunContext,
): Promise<void> {
  await using lock = await takeLock(engine, app, `scale of ${service}`, context);
  const signal = AbortSignal.any([context.signal, lock.signal]);
  const containers = await seeContainers(engine, app, signal);
  const own = containers
    .filter((one) => one.service === service && one.role !== "ingress")
    .sort((a, b) => a.ordinal - b.ordinal);
  const [pattern] = own;
  if (pattern === undefined) throw unknown(app, service, containers);
  if (replicas < 1) {
    throw new HadronError(
      "WRONG_USE",
      `"${service}" cannot have ${replicas} replicas: at least 1. To end the app, use delete.`,
    );
  }
  const template = await engine.get<Template>(`/containers/${pattern.id}/json`, { signal });
  const has = new Set(own.map((one) => one.ordinal));
  const missing = Array.from({ length: replicas }, (_, ordinal) => ordinal).filter((ordinal) => !has.has(ordinal));
  context.progress.step(service, `${own.length} → ${replicas} replicas`);
  const specs = missing.map((ordinal) => cloneSpec(template, pattern, app, ordinal));
  await makeStorage(engine, app, template, specs, signal);
  await all(
    specs.map(async (spec) => {
      const { id } = await createContainer(engine, spec, { successorOf: undefined, signal });
      await startContainer(engine, id, signal);
      await waitUntilReady(engine, id, spec, signal);
    }),
  );
  await all(
    own
      .filter((one) => one.ordinal < replicas && one.state !== "running")
      .map((one) => startContainer(engine, one.id, signal)),
  );
  const told = containers.find((one) => one.role === "replica" && one.volumes.includes(countsVolume(app)));
  if (told !== undefined && isSharded(template, service, pattern.ordinal)) {
    const counts = await readCounts(engine, { containers }, app, signal);
    await writeCounts(
      engine,
      app,
      template.Config.Image,
      { ...counts, [service]: replicas },
      await seeContainers(engine, app, signal),
      signal,
    );
  }
  await all(own.filter((one) => one.ordinal >= replicas).map((one) => retireContainer(engine, one, signal)));
}

function unknown(app: string, service: string, containers: readonly SeenContainer[]): HadronError {
  const there = [...new Set(containers.map((one) => one.service))];
  return new HadronError(
    "WRONG_USE",
    there.length === 0
      ? `The app "${app}" does not run on this engine; deploy it with up.`
      : `The app "${app}" has no service "${service}"; it has ${there.join(", ")}.${didYouMean(service, there)}`,
  );
}

/** Only shards have a name of their own in DNS. */
function isSharded(template: Template, service: string, ordinal: number): boolean {
  return aliasesOf(template, service, ordinal).includes(`${service}.${ordinal}`);
}

function aliasesOf(template: Template, service: string, ordinal: number): readonly string[] {
  const networks = (
    template as unknown as { NetworkSettings: { Networks: Record<string, { Aliases?: string[] | null }> } }
  ).NetworkSettings.Networks;
  return Object.values(networks)
    .flatMap((one) => one.Aliases ?? [])
    .filter((alias) => alias === service || alias === `${service}.${ordinal}`);
}

/** Another replica like the one given, with a number of its own. Its signature is the same: it does not depend on that. */
function cloneSpec(
  template: Template,
  { service, ordinal: from, role }: SeenContainer,
  app: string,
  ordinal: number,
): ContainerSpec {
  const { Config, HostConfig } = template;
  const network = networkName(app);
  const aliases = isSharded(template, service, from) ? [service, `${service}.${ordinal}`] : [service];
  const own = storageVolume(app, service, from);
  const mounts = (HostConfig.Mounts ?? []).map((one) =>
    one.Source === own ? { ...one, Source: storageVolume(app, service, ordinal) } : one,
  );
  const { Image, Entrypoint, Cmd, User, StopSignal, StopTimeout, ExposedPorts, WorkingDir } = Config;
  const payload = {
    ...{ Image, Entrypoint, Cmd, User, StopSignal, StopTimeout, ExposedPorts, WorkingDir },
    Env: (Config.Env ?? []).map((one) => (one.startsWith("HADRON_ORDINAL=") ? `HADRON_ORDINAL=${ordinal}` : one)),
    Labels: { ...Config.Labels, [LABEL.ordinal]: String(ordinal) },
    HostConfig: { ...HostConfig, Mounts: mounts },
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: aliases } } },
  };
  return {
    name: containerName(app, service, ordinal),
    service,
    ordinal,
    role,
    exclusive: false,
    aliases,
    port: null,
    payload,
    spec: Config.Labels[LABEL.spec] ?? "",
  };
}

async function makeStorage(
  engine: Engine,
  app: string,
  { Config }: Template,
  specs: readonly ContainerSpec[],
  signal: AbortSignal,
): Promise<void> {
  const names = specs.flatMap(({ payload, service, ordinal }) => {
    const name = storageVolume(app, service, ordinal);
    const { Mounts } = payload.HostConfig as { Mounts: readonly { readonly Source: string }[] };
    return Mounts.some((one) => one.Source === name) ? [{ name, service }] : [];
  });
  await all(
    names.map(({ name, service }) => {
      const Labels = { [LABEL.app]: app, [LABEL.role]: "storage", [LABEL.service]: service };
      return engine.post<void>("/volumes/create", { body: { Name: name, Labels }, signal });
    }),
  );
  await fillVolumes(
    engine,
    app,
    Config.Image,
    names.map(({ name }) => ({ volume: name, owner: USER_ID, mode: 0o700, files: [] })),
    signal,
  );
}
