import { HadronError, type RunContext } from "@hadron/core/spi";
import type { Engine } from "../engine/client.ts";
import { type BaseImage, ensureImage } from "../image/index.ts";
import { DEFAULT_BASE_IMAGE } from "../names/base-image.ts";

/** The base image on the engine, pulled where it is not there. RUNNER_FAILED, naming the option, where it cannot be. */
export async function ensureBase(engine: Engine, name: string, context: RunContext): Promise<BaseImage> {
  // It becomes a line of a Dockerfile.
  if (!/^[\w][\w.:@/-]*$/.test(name)) {
    throw new HadronError(
      "WRONG_USE",
      `--base-image (or HADRON_BASE_IMAGE) is "${name}", and should be an image such as ${DEFAULT_BASE_IMAGE}.`,
    );
  }
  const remedy = "Pull it to the engine, or name another base with --base-image=IMAGE or HADRON_BASE_IMAGE.";
  const { Id: id, Architecture: architecture } = await ensureImage(engine, name, remedy, context);
  return { name, id, architecture };
}
