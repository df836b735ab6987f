import { homedir } from "node:os";
import type { RunContext } from "@hadron/core/spi";
import type { Engine } from "../../src/docker/engine/client.ts";
import { openEngine } from "../../src/docker/engine/open.ts";
import { DEFAULT_BASE_IMAGE } from "../../src/docker/names/base-image.ts";

const surroundings = { env: process.env, home: homedir(), platform: process.platform };

export const quiet: RunContext = { signal: new AbortController().signal, progress: { step() {}, note() {} } };

/** Why there is no engine to test against; undefined where there is one. */
export const skip: string | undefined = await whyNot();

export function openTestEngine(): Promise<Engine> {
  return openEngine(surroundings, quiet.signal);
}

async function whyNot(): Promise<string | undefined> {
  const base = process.env.HADRON_BASE_IMAGE || DEFAULT_BASE_IMAGE;
  try {
    await using engine = await openTestEngine();
    const there = await engine.find(`/images/${base}/json`);
    return there === undefined ? `the engine has no ${base}` : undefined;
  } catch (error) {
    return (error as Error).message.split("\n")[0];
  }
}

/** A name that no other test file and no other run uses. */
export function uniqueApp(what: string): string {
  return `t-${what}-${process.pid}`;
}

/** Everything on the engine that carries the app's label or name, locks included. */
export async function listLeft(app: string): Promise<readonly string[]> {
  await using engine = await openTestEngine();
  const query = { filters: JSON.stringify({ label: [`dev.hadron.app=${app}`] }) };
  const [containers, networks, volumes, images] = await Promise.all([
    engine.get<{ Names: string[] }[]>("/containers/json", { query: { ...query, all: true } }),
    engine.get<{ Name: string }[]>("/networks", { query }),
    engine.get<{ Volumes: { Name: string }[] | null }>("/volumes", { query }),
    engine.get<{ RepoTags: string[] | null; Id: string }[]>("/images/json", { query: { ...query, all: true } }),
  ]);
  return [
    ...containers.map((one) => `container ${one.Names[0]}`),
    ...networks.map((one) => `network ${one.Name}`),
    ...(volumes.Volumes ?? []).map((one) => `volume ${one.Name}`),
    ...images.map((one) => `image ${one.RepoTags?.[0] ?? one.Id}`),
  ];
}
