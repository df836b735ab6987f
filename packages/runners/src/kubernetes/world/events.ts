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

/** How long what was read of an object holds. */
const FRESH_MS = 5000;
/** How long an object is left alone that may just be starting. */
const YOUNG_MS = 3000;

/** The events of objects that are looked at again and again: a roll-out looks each second, and most pods just start. */
export class EventReader {
  readonly #api: Api;
  readonly #signal: AbortSignal;
  readonly #known = new Map<string, { readonly since: number; at: number; events: readonly KubeEvent[] }>();

  constructor(api: Api, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
  }

  /** Its events, some seconds old at most. `isStarting`: it has shown no trouble, and need not be asked about at once. */
  async of(object: KubeObject, isStarting: boolean): Promise<readonly KubeEvent[]> {
    const { name, uid = name } = object.metadata;
    const now = performance.now();
    const known = this.#known.get(uid) ?? { since: now, at: Number.NEGATIVE_INFINITY, events: [] };
    this.#known.set(uid, known);
    if (now - known.at < FRESH_MS || (isStarting && now - known.since < YOUNG_MS)) return known.events;
    known.at = now;
    known.events = await readEvents(this.#api, object, this.#signal);
    return known.events;
  }
}
