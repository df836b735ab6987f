import type { Engine } from "../engine/client.ts";
import { FORM_FILE, INGRESS_FOLDER } from "../names/ingress-form.ts";
import type { SeenContainer } from "../world/world.ts";
import { readContainerFile } from "./volumes.ts";

/** The same containers, ingresses with what was put before them to run: none where an older version made them. */
export async function readForms(
  engine: Engine,
  containers: readonly SeenContainer[],
  signal: AbortSignal,
): Promise<readonly SeenContainer[]> {
  return await Promise.all(
    containers.map(async (container) => {
      if (container.role !== "ingress") return container;
      const text = await readContainerFile(engine, container.id, `${INGRESS_FOLDER}/${FORM_FILE}`, signal);
      return text === undefined ? container : { ...container, form: JSON.parse(text) };
    }),
  );
}
