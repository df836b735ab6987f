import { setTimeout as sleep } from "node:timers/promises";
import type { Topology } from "@hadron/core/spi";
import type { Engine } from "../engine/client.ts";
import { COUNTS_FILE, COUNTS_FOLDER, INTERNAL_PORT } from "../names/layout.ts";
import { countsVolume } from "../names/names.ts";
import { ask } from "../world/probe.ts";
import type { SeenContainer, World } from "../world/world.ts";
import { fillVolumes, readContainerFile } from "./volumes.ts";

export type Counts = Readonly<Record<string, number>>;

/** Replicas look at the file twice a second; one that could not be told has seen it after this. */
const SEEN_BY_ALL_MS = 1_500;

/** How many replicas the topology declares of each service whose callers have to know. */
export function declaredCounts({ services }: Topology): Counts {
  return Object.fromEntries(services.filter((one) => one.sharded).map((one) => [one.name, one.replicas]));
}

/** What the running replicas were told; empty where nothing was ever scaled. */
export async function readCounts(
  engine: Engine,
  world: Pick<World, "containers">,
  app: string,
  signal?: AbortSignal,
): Promise<Counts> {
  const reader = world.containers.find((one) => one.role === "replica" && one.volumes.includes(countsVolume(app)));
  if (reader === undefined) return {};
  const text = await readContainerFile(engine, reader.id, `${COUNTS_FOLDER}/${COUNTS_FILE}`, signal);
  return text === undefined ? {} : (JSON.parse(text) as Counts);
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
  const running = containers.filter((one) => one.role === "replica" && one.state === "running");
  const told = await Promise.all(
    running.map(async ({ address }) => {
      if (address === undefined) return false;
      const answer = await ask({ host: address, port: INTERNAL_PORT, path: "/counts" }, JSON.stringify(counts));
      return answer?.status === 200;
    }),
  );
  if (!told.every(Boolean)) await sleep(SEEN_BY_ALL_MS, undefined, { signal });
}
