import { homedir } from "node:os";
import type { Runner, RunnerModule } from "@hadron/core/spi";
import { cacheFolder } from "../layout/index.ts";
import { authorityFolder } from "../shared/tls/authority.ts";
import { DEFAULT_BASE_IMAGE } from "./names/base-image.ts";
import { DockerRunner } from "./runner.ts";

export { answers, endsWithCommand, flags, provides, summary } from "./places.ts";

/** Makes the runner for the engine that the environment names: see `engine/find.ts`. Connects when it is first asked. */
export const createRunner: RunnerModule["createRunner"] = ({ flags: given, explicitApp, env }): Runner =>
  new DockerRunner({
    baseImage: given["base-image"] || env.HADRON_BASE_IMAGE || DEFAULT_BASE_IMAGE,
    explicitApp,
    cache: cacheFolder(env),
    authority: authorityFolder(env),
    surroundings: { env, home: env.HOME || homedir(), platform: process.platform },
  });
