import type { AppData } from "@hadron/core/spi";
import type { Engine } from "../engine/client.ts";
import type { VolumeSummary } from "../engine/types.ts";
import { LABEL, ofApp, type Role } from "../names/labels.ts";

/** What a volume with data is for: it outlives the containers, and `delete` as well, unless it is told otherwise. */
const DATA_ROLES: readonly Role[] = ["storage", "generated"];

/** Whether a volume holds data. */
export function isData({ Labels }: Pick<VolumeSummary, "Labels">): boolean {
  return DATA_ROLES.some((role) => role === Labels?.[LABEL.role]);
}

/** The volumes that hold an app's data, by name, with their sizes as far as the engine tells them. */
export async function readData(engine: Engine, app: string, signal: AbortSignal): Promise<readonly AppData[]> {
  const query = { filters: ofApp(app) };
  const { Volumes } = await engine.get<{ readonly Volumes: readonly VolumeSummary[] | null }>("/volumes", {
    query,
    signal,
  });
  const volumes = (Volumes ?? []).filter(isData);
  if (volumes.length === 0) return [];
  const sizes = await readSizes(engine, signal);
  return volumes
    .map(({ Name, Labels }) => ({
      kind: "volume",
      name: Name,
      service: Labels?.[LABEL.service] ?? null,
      bytes: sizes.get(Name) ?? null,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** An engine measures only when it is asked for all it uses; one that cannot measure a volume says -1. */
async function readSizes(engine: Engine, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const { Volumes } = await engine.get<DiskUsage>("/system/df", { query: { type: "volume" }, signal });
  const known = (Volumes ?? []).flatMap(({ Name, UsageData }) =>
    UsageData === null || UsageData === undefined || UsageData.Size < 0 ? [] : [[Name, UsageData.Size] as const],
  );
  return new Map(known);
}

interface DiskUsage {
  readonly Volumes: readonly { readonly Name: string; readonly UsageData?: { readonly Size: number } | null }[] | null;
}
