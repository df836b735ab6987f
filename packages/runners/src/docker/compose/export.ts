import { HadronError, type Program, type RunContext } from "@hadron/core/spi";
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
  const secure = program.topology.services.find(({ exposed }) => exposed?.tls !== undefined);
  if (secure !== undefined) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `"${secure.name}" is exposed over TLS (expose.tls), which cannot be exported: a key is in no file that others read. Deploy with up, or leave tls away and put what ends it in front.`,
    );
  }
  const { desired, ingressImage } = await buildAll(engine, program, settings, context);
  return await toComposeFile(program.topology, desired.containers, ingressImage);
}
