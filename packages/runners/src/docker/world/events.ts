import { jsonLinesOf } from "../../shared/lines.ts";
import type { Engine } from "../engine/client.ts";
import type { EngineEvent } from "../engine/types.ts";
import { LABEL } from "../names/labels.ts";

/** What happens to the containers of an app from now on, until the signal aborts or the engine goes away. */
export async function* watchContainers(engine: Engine, app: string, signal: AbortSignal): AsyncGenerator<EngineEvent> {
  const filters = JSON.stringify({ type: ["container"], label: [`${LABEL.app}=${app}`] });
  const stream = await engine.stream("/events", { query: { filters }, signal });
  try {
    yield* jsonLinesOf<EngineEvent>(stream);
  } finally {
    stream.destroy();
  }
}
