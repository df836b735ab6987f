import { type Connected, HadronError, type RunContext } from "@hadron/core/spi";
import type { Engine } from "../engine/client.ts";
import { seeContainers } from "../world/world.ts";
import { EngineDirectory } from "./directory.ts";
import { ImageAddresses } from "./image-addresses.ts";

/**
 * Opens a way to the services of an app, and keeps to it while replicas come and go. The engine is the directory's from
 * then on. WRONG_USE where nothing of the app is there.
 */
export async function connectApp(engine: Engine, app: string, { signal }: RunContext): Promise<Connected> {
  try {
    const containers = await seeContainers(engine, app, signal);
    if (!containers.some(({ role }) => role === "replica" || role === "image")) {
      throw new HadronError(
        "WRONG_USE",
        `The app "${app}" does not run on this Docker engine; deploy it with \`up --runner=docker\`.`,
      );
    }
    const directory = new EngineDirectory(engine, app, containers);
    const addresses = new ImageAddresses(engine, app);
    return {
      directory,
      address: addresses.find,
      async [Symbol.asyncDispose]() {
        await addresses[Symbol.asyncDispose]();
        await directory[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}
