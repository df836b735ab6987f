import { randomBytes } from "node:crypto";
import type { ServiceTopology } from "@hadron/core/spi";
import { own } from "@hadron/core/spi";
import { IMAGE_SECRETS_FOLDER, SECRETS_FILE, SECRETS_FOLDER, USER_ID } from "../../replica/layout.ts";
import { secretNames } from "../containers/spec.ts";
import type { Engine } from "../engine/client.ts";
import { secretsVolume } from "../names/names.ts";
import type { World } from "../world/world.ts";
import { readContainerFile, type VolumeContent } from "./volumes.ts";

/** Secrets by name. Their values are never printed. */
export type Secrets = Readonly<Record<string, string>>;

/** Where the secrets of a service are, or are to be. */
export interface SecretsPlace {
  readonly volume: string;
  readonly content: VolumeContent;
  /** What an image finds in its environment as well; nothing where it is our own code, which reads the file. */
  readonly environment: Secrets;
}

/**
 * Finds the volumes that hold the secrets as they are now, and names new ones for those that changed. What a volume
 * holds is read through a container that mounts it: not even a hash of a secret is in a label (D5).
 */
export async function placeSecrets(
  engine: Engine,
  app: string,
  services: readonly ServiceTopology[],
  values: Secrets,
  world: World,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, SecretsPlace>> {
  const places = await Promise.all(
    services
      .filter((service) => secretNames(service).length > 0)
      .map(async (service): Promise<readonly [string, SecretsPlace]> => {
        const wanted = Object.fromEntries(secretNames(service).map((name) => [name, own(values, name) ?? ""]));
        const found = await findVolume(engine, service, wanted, world, signal);
        const volume = found ?? secretsVolume(app, service.name, randomBytes(4).toString("hex"));
        const environment = service.image === null ? {} : wanted;
        return [service.name, { volume, content: contentOf(volume, service, wanted), environment }];
      }),
  );
  return new Map(places);
}

async function findVolume(
  engine: Engine,
  service: ServiceTopology,
  wanted: Secrets,
  world: World,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  for (const { name } of world.volumes.filter((seen) => seen.role === "secrets" && seen.service === service.name)) {
    const held = await readSecrets(engine, service, name, world, signal);
    if (Object.entries(wanted).every(([secret, value]) => held[secret] === value)) return name;
  }
  return undefined;
}

/** The secrets that a service's volume holds, as far as a container mounts it. */
export async function readSecrets(
  engine: Engine,
  service: ServiceTopology,
  volume: string,
  { containers }: Pick<World, "containers">,
  signal: AbortSignal | undefined,
): Promise<Secrets> {
  const holder = containers.find((container) => container.volumes.includes(volume));
  if (holder === undefined) return {};
  const read = (path: string) => readContainerFile(engine, holder.id, path, signal);
  if (service.image === null) {
    return JSON.parse((await read(`${SECRETS_FOLDER}/${SECRETS_FILE}`)) ?? "{}") as Secrets;
  }
  const names = secretNames(service);
  const texts = await Promise.all(names.map((name) => read(`${IMAGE_SECRETS_FOLDER}/${name}`)));
  return Object.fromEntries(
    names.flatMap((name, index) => {
      const text = texts[index];
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

/** Our own code reads one file that only its user can; an image's user is not known, but nobody else mounts the volume. */
function contentOf(volume: string, service: ServiceTopology, wanted: Secrets): VolumeContent {
  const own = service.image === null;
  const files = own
    ? [{ name: SECRETS_FILE, content: JSON.stringify(wanted), owner: USER_ID, mode: 0o400 }]
    : Object.entries(wanted).map(([name, content]) => ({ name, content, owner: 0, mode: 0o444 }));
  return { volume, owner: own ? USER_ID : 0, mode: own ? 0o500 : 0o755, files };
}
