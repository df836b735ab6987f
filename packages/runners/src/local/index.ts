import { resolve } from "node:path";
import type { RunnerModule } from "@hadron/core/spi";
import { resolvePaths } from "./folder/paths.ts";
import { systemClock } from "./replica/restart-policy.ts";
import { LocalRunner } from "./runner.ts";

/** How long a replica may take until it is ready. */
const START_TIMEOUT_MS = 30_000;

export { answers, endsWithCommand, flags, provides, summary } from "./places.ts";

/** Runs apps on this machine: a process each replica, nothing else installed. See {@link RunnerModule}. */
export const createRunner: RunnerModule["createRunner"] = ({ env, entry, flags: given }) => {
  const dataDir = given["data-dir"] ?? (env.HADRON_DATA_DIR || undefined);
  return new LocalRunner({
    paths: resolvePaths(env),
    env,
    clock: systemClock,
    startTimeoutMs: START_TIMEOUT_MS,
    entry,
    // Replicas run in the folder of the app file: a path means what it means here.
    dataDir: dataDir === undefined ? undefined : resolve(dataDir),
    inspect: given.inspect,
  });
};
