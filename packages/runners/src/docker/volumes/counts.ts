import { setTimeout as sleep } from "node:timers/promises";
import { type Counts, tellCounts } from "../../replica/counts.ts";
import { COUNTS_FILE, COUNTS_FOLDER, INTERNAL_PORT } from "../../replica/layout.ts";
import type { Engine } from "../engine/client.ts";
import { countsVolume } from "../names/names.ts";
import { ask } from "../world/probe.ts";
import type { SeenContainer, World } from "../world/world.ts";
import { fillVolumes, readContainerFile } from "./volumes.ts";

/** Replicas look at the file twice a second; one that could not be told has seen it after this. */
const SEEN_BY_ALL_MS = 1_500;

/** What the running replicas were told; empty where nothing was ever scaled. */
export async function readCounts(
  engine: Engine,
  world: Pick<World, "containers">,
  app: string,
  signal?: AbortSignal,
): Promise<Counts> {
  const reader = world.containers.find((seen) => seen.role === "replica" && seen.volumes.includes(countsVolume(app)));
  if (reader === undefined) return {};
  const text = await readContainerFile(engine, reader.id, `${COUNTS_FOLDER}/${COUNTS_FILE}`, signal);
  return text === undefined ? {} : JSON.parse(text);
}

/**
 * Tells all replicas how many there are: by the file, which outlives them, and at once where they can be reached from
 * here. Resolves when all know.
 */
export async function writeCounts(
  engine: Engine,
  app: string,
  image: string,
  counts: Counts,
  containers: readonly SeenContainer[],
  signal: AbortSignal,
): Promise<void> {
  const file = { name: COUNTS_FILE, content: JSON.stringify(counts), owner: 0, mode: 0o444 };
  await fillVolumes(engine, app, image, [{ volume: countsVolume(app), owner: 0, mode: 0o755, files: [file] }], signal);
  const running = containers.filter((seen) => seen.role === "replica" && seen.state === "running");
  const told = await tellCounts(running, counts, async ({ address }, { path, body }) => {
    if (address === undefined) return false;
    return (await ask({ host: address, port: INTERNAL_PORT, path }, body))?.status === 200;
  });
  if (!told) await sleep(SEEN_BY_ALL_MS, undefined, { signal });
}
