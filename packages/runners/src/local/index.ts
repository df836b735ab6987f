import type { RunnerModule } from "@hadron/core/spi";
import { resolvePaths } from "./folder/paths.ts";
import { systemClock } from "./replica/restart-policy.ts";
import { LocalRunner } from "./runner.ts";

/** How long a replica may take until it is ready. */
const START_TIMEOUT_MS = 30_000;

export { answers, endsWithCommand, flags, provides, summary } from "./places.ts";

/** Runs apps on this machine: a process each replica, nothing else installed. See {@link RunnerModule}. */
export const createRunner: RunnerModule["createRunner"] = ({ env }) =>
  new LocalRunner({ paths: resolvePaths(env), env, clock: systemClock, startTimeoutMs: START_TIMEOUT_MS });
