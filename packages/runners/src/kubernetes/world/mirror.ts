import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { inWords, systemCode } from "@hadron/core/spi";
import { jsonLinesOf } from "../../shared/lines.ts";
import type { Api } from "../api/api.ts";
import { statusOf } from "../api/api-error.ts";
import { type Kind, type KubeObject, type ObjectOf, pathOf, pluralOf } from "../objects/objects.ts";
import { listInto } from "./world.ts";

/** What happened to an object. */
export interface MirrorEvent<K extends Kind> {
  readonly type: "set" | "gone";
  readonly object: ObjectOf<K>;
}

/**
 * A copy of the objects of one kind that a selector finds, kept up to date by a watch: one list, then only what changes.
 * A watch that ends goes on where it ended; one whose place has expired (410) begins anew with a list.
 */
export class Mirror<K extends Kind> implements AsyncDisposable {
  readonly #objects = new Map<string, ObjectOf<K>>();
  readonly #ended = new AbortController();
  #running: Promise<void> | undefined;
  #stream: Readable | undefined;
  /** Why it stopped, where it could not go on. */
  error: unknown;

  /** Resolves when the first list is there. `changed` is called after each change from then on, and when it fails. */
  static async open<K extends Kind>(
    api: Api,
    options: {
      readonly kind: K;
      readonly selector: string;
      readonly signal: AbortSignal;
      readonly changed: (event?: MirrorEvent<K>) => void;
    },
  ): Promise<Mirror<K>> {
    const mirror = new Mirror<K>();
    const signal = AbortSignal.any([options.signal, mirror.#ended.signal]);
    const list = async (): Promise<string> => {
      const found: ObjectOf<K>[] = [];
      const version = await listInto(api, options.kind, options.selector, signal, found);
      const names = new Set(found.map(({ metadata }) => metadata.name));
      for (const [name, object] of mirror.#objects) if (!names.has(name)) mirror.#forget(object, options.changed);
      for (const object of found) mirror.#set(object, options.changed);
      return version;
    };
    const version = await list();
    mirror.#running = mirror.#follow(api, options, version, list, signal).catch((error: unknown) => {
      if (signal.aborted) return;
      mirror.error = error;
      options.changed();
    });
    return mirror;
  }

  /** By name. Throws where the watch could not go on. */
  get objects(): ReadonlyMap<string, ObjectOf<K>> {
    if (this.error !== undefined) throw this.error;
    return this.#objects;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#stream?.destroy();
    await this.#running;
  }

  async #follow(
    api: Api,
    {
      kind,
      selector,
      changed,
    }: { readonly kind: K; readonly selector: string; readonly changed: (event?: MirrorEvent<K>) => void },
    from: string,
    list: () => Promise<string>,
    signal: AbortSignal,
  ): Promise<void> {
    let version = from;
    for (let quick = 0; ; ) {
      const begun = performance.now();
      try {
        const query = {
          labelSelector: selector,
          watch: "true",
          allowWatchBookmarks: "true",
          resourceVersion: version,
          timeoutSeconds: "290",
        };
        this.#stream = await api.stream({
          path: pathOf(kind, api.namespace),
          query,
          what: `watch ${pluralOf(kind)}`,
          signal,
        });
        for await (const event of jsonLinesOf<WatchEvent<K>>(this.#stream)) {
          if (event.type === "ERROR") {
            version = event.object.code === 410 ? await list() : version;
            break;
          }
          version = event.object.metadata.resourceVersion ?? version;
          if (event.type === "DELETED") this.#forget(event.object, changed);
          else if (event.type !== "BOOKMARK") this.#set(event.object, changed);
        }
      } catch (error) {
        signal.throwIfAborted();
        const code = statusOf(error)?.code;
        if (code === 410) version = await list();
        // Else the connection broke; api.stream itself gives up where the server does not come back.
        else if (code !== undefined || !isConnectionError(error)) throw error;
      }
      quick = performance.now() - begun < 1000 ? quick + 1 : 0;
      if (quick > 0) await sleep(Math.min(50 * 2 ** quick, 2000), undefined, { signal });
    }
  }

  #set(object: ObjectOf<K>, changed: (event?: MirrorEvent<K>) => void): void {
    const known = this.#objects.get(object.metadata.name);
    if (known?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    const kept = slim(object);
    this.#objects.set(object.metadata.name, kept);
    changed({ type: "set", object: kept });
  }

  #forget(object: ObjectOf<K>, changed: (event?: MirrorEvent<K>) => void): void {
    if (this.#objects.delete(object.metadata.name)) changed({ type: "gone", object });
  }
}

/** What nobody asks of a pod that is watched, and what most of it is made of: ten thousand of them are to fit in memory. */
function slim<T extends KubeObject>(object: T): T;
function slim(object: KubeObject): KubeObject {
  if (object.kind !== "Pod") return object;
  const { spec, metadata, ...pod } = object;
  const { managedFields, ...kept } = metadata;
  return { ...pod, metadata: kept };
}

function isConnectionError(error: unknown): boolean {
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|ERR_STREAM|ERR_HTTP2|HPE_)/.test(systemCode(error) ?? "") ||
    /aborted|terminated|socket hang up/.test(inWords(error))
  );
}

interface WatchEvent<K extends Kind> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: ObjectOf<K> & { readonly code?: number };
}
