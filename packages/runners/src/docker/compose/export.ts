import type { Program, RunContext } from "@hadron/core/spi";
import type { Engine } from "../engine/client.ts";
import { buildAll, type Settings } from "../rollout/apply.ts";
import { toComposeFile } from "./file.ts";

/** Builds the images, and writes a Compose file that runs the same system without us. */
export async function exportCompose(
  engine: Engine,
  program: Program,
  settings: Settings,
  context: RunContext,
): Promise<string> {
  const { desired, ingressImage } = await buildAll(engine, program, settings, context);
  return await toComposeFile(program.topology, desired.containers, ingressImage);
}
