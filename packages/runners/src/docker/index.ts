import { homedir } from "node:os";
import type { Runner, RunnerFlag, RunnerModule } from "@hadron/core/spi";
import { DEFAULT_BASE_IMAGE } from "./plan/base.ts";
import { DockerRunner } from "./runner.ts";

/** The flags of this runner, beside those of every verb. */
export const flags: readonly RunnerFlag[] = [
  {
    name: "base-image",
    value: "IMAGE",
    help: `what images are built upon (or HADRON_BASE_IMAGE; ${DEFAULT_BASE_IMAGE})`,
  },
];

/** Makes the runner for the engine that the environment names: see `engine/find.ts`. Connects when it is first asked. */
export const createRunner: RunnerModule["createRunner"] = ({ flags: given, explicitApp, env }): Runner =>
  new DockerRunner({
    baseImage: given["base-image"] || env.HADRON_BASE_IMAGE || DEFAULT_BASE_IMAGE,
    explicitApp,
    surroundings: { env, home: env.HOME || homedir(), platform: process.platform },
  });
