import { randomBytes } from "node:crypto";
import type { ServiceTopology } from "@hadron/core/spi";
import { IMAGE_SECRETS_FOLDER, SECRETS_FILE, SECRETS_FOLDER, USER_ID } from "../../replica/layout.ts";
import type { Engine } from "../engine/client.ts";
import { secretsVolume } from "../names/names.ts";
import type { World } from "../world/world.ts";
import { readContainerFile, type VolumeContent } from "./volumes.ts";

/** Where the secrets of each service that has some are, or are to be. */
export interface SecretsPlace {
  readonly volume: string;
  readonly content: VolumeContent;
}

/**
 * Finds the volumes that hold the secrets as they are now, and names new ones for those that changed. What a volume
 * holds is read through a container that mounts it: not even a hash of a secret is in a label (D5).
 */
export async function placeSecrets(
  engine: Engine,
  app: string,
  services: readonly ServiceTopology[],
  values: Readonly<Record<string, string>>,
  world: World,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, SecretsPlace>> {
  const withSecrets = services.filter((one) => one.secrets.length > 0);
  const places = await Promise.all(
    withSecrets.map(async (service): Promise<readonly [string, SecretsPlace]> => {
      const found = await findVolume(engine, service, values, world, signal);
      const volume = found ?? secretsVolume(app, service.name, randomBytes(4).toString("hex"));
      return [service.name, { volume, content: contentOf(volume, service, values) }];
    }),
  );
  return new Map(places);
}

async function findVolume(
  engine: Engine,
  service: ServiceTopology,
  values: Readonly<Record<string, string>>,
  world: World,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const folder = service.image === null ? SECRETS_FOLDER : IMAGE_SECRETS_FOLDER;
  for (const { name } of world.volumes.filter((one) => one.role === "secrets" && one.service === service.name)) {
    const holder = world.containers.find((one) => one.volumes.includes(name));
    if (holder === undefined) continue;
    const { files } = contentOf(name, service, values);
    const held = await Promise.all(
      files.map((file) => readContainerFile(engine, holder.id, `${folder}/${file.name}`, signal)),
    );
    if (files.every((file, index) => held[index] === file.content)) return name;
  }
  return undefined;
}

/** Our own code reads one file that only its user can; an image's user is not known, but nobody else mounts the volume. */
function contentOf(volume: string, service: ServiceTopology, values: Readonly<Record<string, string>>): VolumeContent {
  const own = service.image === null;
  const taken = Object.fromEntries([...service.secrets].sort().map((name) => [name, values[name] ?? ""]));
  const files = own
    ? [{ name: SECRETS_FILE, content: JSON.stringify(taken), owner: USER_ID, mode: 0o400 }]
    : Object.entries(taken).map(([name, content]) => ({ name, content, owner: 0, mode: 0o444 }));
  return { volume, owner: own ? USER_ID : 0, mode: own ? 0o500 : 0o755, files };
}
