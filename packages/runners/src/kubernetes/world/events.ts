import type { Api } from "../api/api.ts";
import { statusOf } from "../api/api-error.ts";
import { type KubeObject, pathOf } from "../objects/objects.ts";
import type { KubeEvent } from "./death.ts";

/** As the API server has it. */
interface LoggedEvent extends Partial<KubeEvent> {
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly metadata: { readonly creationTimestamp: string };
}

/** The newest events about one object, newest first. None where we may not read them. */
export async function readEvents(
  api: Api,
  { metadata, kind }: KubeObject,
  signal: AbortSignal,
): Promise<readonly KubeEvent[]> {
  try {
    const { items } = await api.json<{ readonly items: readonly LoggedEvent[] }>({
      path: pathOf("Event", api.namespace),
      query: { fieldSelector: `involvedObject.uid=${metadata.uid}`, limit: "50" },
      what: `list events of ${kind} "${metadata.name}"`,
      signal,
    });
    const at = ({ lastTimestamp, eventTime, metadata }: LoggedEvent) =>
      lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
    return [...items]
      .sort((a, b) => (at(a) < at(b) ? 1 : -1))
      .map(({ reason = "", message = "", count = 1 }) => ({ reason, message, count }));
  } catch (error) {
    if (statusOf(error)?.code === 403) return [];
    throw error;
  }
}
