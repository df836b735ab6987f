import { randomBytes } from "node:crypto";
import type { ServiceTopology } from "@hadron/core/spi";
import { own } from "@hadron/core/spi";
import type { Engine } from "../engine/client.ts";
import { generatedVolume } from "../names/names.ts";
import type { World } from "../world/world.ts";
import { readSecrets, type Secrets } from "./secrets.ts";
import { readVolumeFile, type VolumeContent } from "./volumes.ts";

const FILE = "generated.json";
const SECRET_BYTES = 24;

/** The secrets that are made for an app: once, and kept with the engine as data. */
export interface Generated {
  readonly values: Secrets;
  /** What the volume has to be given; undefined where it has all. */
  readonly content: VolumeContent | undefined;
}

/**
 * Finds the generated secrets of an app, and makes those that there are not yet; they are kept once the content is in its
 * volume, which only whoever holds the app's lock puts there. Those that run already are read where their service has them,
 * so that a look at an app that runs makes nothing. `image`: any on the engine.
 */
export async function findGenerated(
  engine: Engine,
  app: string,
  services: readonly ServiceTopology[],
  world: World,
  image: string,
  signal: AbortSignal,
): Promise<Generated> {
  const names = [...new Set(services.flatMap(({ generated = [] }) => generated))].sort();
  if (names.length === 0) return { values: {}, content: undefined };
  const volume = generatedVolume(app);
  const isThere = world.volumes.some(({ name }) => name === volume);
  const delivered = isThere ? await readDelivered(engine, services, world, signal) : {};
  const hasAll = (known: Secrets) => names.every((name) => own(known, name) !== undefined);
  if (hasAll(delivered)) return { values: pick(delivered, names), content: undefined };
  const text = isThere ? await readVolumeFile(engine, { app, image, volume, file: FILE }, signal) : undefined;
  const kept = JSON.parse(text ?? "{}") as Secrets;
  if (hasAll(kept)) return { values: pick(kept, names), content: undefined };
  const fresh = names.filter((name) => own(kept, name) === undefined);
  const all = { ...kept, ...Object.fromEntries(fresh.map((name) => [name, randomSecret()])) };
  const files = [{ name: FILE, content: JSON.stringify(all), owner: 0, mode: 0o400 }];
  return { values: pick(all, names), content: { volume, owner: 0, mode: 0o700, files } };
}

/** What services were given, each from its newest volume that a container mounts. */
async function readDelivered(
  engine: Engine,
  services: readonly ServiceTopology[],
  world: World,
  signal: AbortSignal,
): Promise<Secrets> {
  const found = await Promise.all(
    services
      .filter(({ generated = [] }) => generated.length > 0)
      .flatMap((service) =>
        world.volumes
          .filter((volume) => volume.role === "secrets" && volume.service === service.name)
          .map(async ({ name }) =>
            pick(await readSecrets(engine, service, name, world, signal), service.generated ?? []),
          ),
      ),
  );
  return Object.assign({}, ...found) as Secrets;
}

function pick(secrets: Secrets, names: readonly string[]): Secrets {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = own(secrets, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Letters, digits, "-" and "_": fits a URL, a shell and every image's configuration. 192 bits. */
function randomSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}
