import { CAPTURES_FILE, type CapturedTexts, type Topology } from "@hadron/core/spi";
import { captureVariables } from "../../replica/captures.ts";
import { APP_FOLDER } from "../../replica/layout.ts";
import type { Engine } from "../engine/client.ts";
import type { World } from "../world/world.ts";
import { readSecrets } from "./secrets.ts";
import { readContainerFile } from "./volumes.ts";

/** The captured values that the newest replicas have; undefined where nothing of the app is there. */
export async function readCaptured(
  engine: Engine,
  topology: Topology,
  world: World,
  signal: AbortSignal,
): Promise<CapturedTexts | undefined> {
  const newestFirst = world.containers.filter(({ role }) => role === "replica").sort((a, b) => b.created - a.created);
  const [newest] = newestFirst;
  if (newest === undefined) return undefined;
  const names = new Set(captureVariables(topology));
  const secrets: Record<string, string> = {};
  for (const service of topology.services.filter((user) => user.secrets.some((name) => names.has(name)))) {
    const replica = newestFirst.find((container) => container.service === service.name);
    const volume = world.volumes.find(({ name, role }) => role === "secrets" && replica?.volumes.includes(name));
    if (volume === undefined) continue;
    const held = await readSecrets(engine, service, volume.name, world, signal);
    for (const [name, text] of Object.entries(held)) if (names.has(name)) secrets[name] = text;
  }
  return { plain: await readContainerFile(engine, newest.id, `${APP_FOLDER}/${CAPTURES_FILE}`, signal), secrets };
}
