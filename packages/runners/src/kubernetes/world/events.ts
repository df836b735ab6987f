import type { Api } from "../api/api.ts";
import { statusOf } from "../api/api-error.ts";
import { type KubeObject, pathOf } from "../objects/objects.ts";
import type { KubeEvent } from "./trouble.ts";

/** The newest events about one object, newest first. None where we may not read them. */
export async function readEvents(
  api: Api,
  { metadata, kind }: KubeObject,
  signal: AbortSignal,
): Promise<readonly KubeEvent[]> {
  try {
    const { items } = await api.json({
      path: pathOf("Event", api.namespace),
      query: { fieldSelector: `involvedObject.uid=${metadata.uid}`, limit: "50" },
      what: `list events of ${kind} "${metadata.name}"`,
      signal,
    });
    const at = (event: any): string => event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
    return items
      .sort((a: any, b: any) => (at(a) < at(b) ? 1 : -1))
      .map(({ reason = "", message = "", count = 1 }: any) => ({ reason, message, count }));
  } catch (error) {
    if (statusOf(error)?.code === 403) return [];
    throw error;
  }
}
