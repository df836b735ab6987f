import { hashTopology, readEnvironment, readTopology, type Topology } from "@hadron/core/spi";
import { APP_FOLDER, TOPOLOGY_FILE } from "../../replica/layout.ts";
import { inspect } from "../containers/inspect.ts";
import type { SpecOptions } from "../containers/spec.ts";
import type { Engine } from "../engine/client.ts";
import { isIngressTag } from "../names/names.ts";
import { readContainerFile, readImageFile } from "../volumes/volumes.ts";
import type { SeenContainer, World } from "../world/world.ts";

const TOPOLOGY_PATH = `${APP_FOLDER}/${TOPOLOGY_FILE}`;

/**
 * An app as it was last applied: what its containers are made from; undefined where nothing of it runs.
 *
 * The deployed topology is the one in the app's image. It is what every replica compares itself with, so that nothing else
 * has to be kept in step with it, and apps that were deployed before this was read have it, too. Read through a replica of
 * `service` where there is one: while an `up` is under way, or was interrupted, others may be of another revision. The rest
 * was told to that replica, and is read as it reads it.
 */
export async function readDeployed(
  engine: Engine,
  app: string,
  world: World,
  service: string,
  signal: AbortSignal,
): Promise<SpecOptions | undefined> {
  const newestFirst = [...world.containers].sort((a, b) => b.created - a.created);
  const secrets = secretsOf(newestFirst, world);
  const replicas = newestFirst.filter(({ role }) => role === "replica");
  const replica = replicas.find((container) => container.service === service) ?? replicas[0];
  if (replica === undefined) {
    const image = world.images.find((tag) => !isIngressTag(app, tag));
    const [first] = newestFirst;
    if (image === undefined || first === undefined) return undefined;
    const text = await readImageFile(engine, { app, image, path: TOPOLOGY_PATH }, signal);
    if (text === undefined) return undefined;
    return { ...toDeployed(text), revision: first.revision, runCall: 1, image, secrets };
  }
  const [text, { Config }] = await Promise.all([
    readContainerFile(engine, replica.id, TOPOLOGY_PATH, signal),
    inspect(engine, replica.id, signal),
  ]);
  if (text === undefined) return undefined;
  const { runCall, topologyHash } = readEnvironment(toVariables(Config.Env ?? []));
  const deployed = toDeployed(text);
  return {
    ...deployed,
    topologyHash: topologyHash ?? deployed.topologyHash,
    revision: replica.revision,
    runCall,
    image: Config.Image,
    secrets,
  };
}

/** Its hash is that of the text: another version may have had another form. */
function toDeployed(text: string): { readonly topology: Topology; readonly topologyHash: string } {
  return { topology: readTopology(text), topologyHash: hashTopology(JSON.parse(text) as Topology) };
}

/** The volume of secrets that the newest container of each service has. */
function secretsOf(newestFirst: readonly SeenContainer[], { volumes }: World): Readonly<Record<string, string>> {
  const secrets = new Set(volumes.filter(({ role }) => role === "secrets").map(({ name }) => name));
  const found = newestFirst.flatMap(({ service, volumes: mounted }) =>
    mounted.filter((name) => secrets.has(name)).map((name) => [service, name] as const),
  );
  return Object.fromEntries(found.reverse());
}

function toVariables(env: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    env.map((variable) => {
      const at = variable.indexOf("=");
      return [variable.slice(0, at), variable.slice(at + 1)];
    }),
  );
}
