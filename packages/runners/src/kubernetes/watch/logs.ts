import { setTimeout as sleep } from "node:timers/promises";
import type { LogLine, LogOptions, RunContext } from "@hadron/core/spi";
import { each } from "../../shared/each.ts";
import { linesOf } from "../../shared/lines.ts";
import { Queue } from "../../shared/queue.ts";
import type { Api } from "../api/api.ts";
import { statusOf } from "../api/api-error.ts";
import { selectorOf, serviceOf } from "../objects/labels.ts";
import { type Pod, pathOf } from "../objects/objects.ts";
import { containerOf } from "../world/death.ts";
import { isLogGone } from "../world/last-words.ts";
import { Mirror } from "../world/mirror.ts";
import { replicaNameOf } from "../world/pods.ts";
import { listObjects } from "../world/world.ts";

/** Lines of one replica's past. */
const TAIL = 2000;
const AT_ONCE = 8;
const AGAIN_MS = 500;

/** The logs of every replica, merged; followed, they go on with those that come later, and through restarts. */
export async function* readLogs(
  api: Api,
  app: string,
  options: LogOptions,
  context: RunContext,
): AsyncGenerator<LogLine> {
  const isWanted = (pod: Pod) => options.service === undefined || serviceOf(pod) === options.service;
  if (!options.follow) {
    const pods = (await listObjects(api, "Pod", selectorOf(app), context.signal)).filter(isWanted);
    const logs = await each(pods, AT_ONCE, (pod) => readPast(api, pod, options, context.signal));
    const merged = logs.flat().sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    yield* merged.map(toMilliseconds);
    return;
  }
  yield* followLogs(api, app, isWanted, context);
}

async function readPast(
  api: Api,
  pod: Pod,
  { since, tail = TAIL }: LogOptions,
  signal: AbortSignal,
): Promise<readonly LogLine[]> {
  const read = async (previous: boolean) => {
    try {
      const query = {
        timestamps: "true",
        tailLines: String(Math.min(tail, TAIL)),
        sinceTime: since,
        container: containerOf(pod)?.name,
        previous: previous ? "true" : undefined,
      };
      const text = await api.text({
        path: `${pathOf("Pod", api.namespace, pod.metadata.name)}/log`,
        query,
        what: `read the log of "${pod.metadata.name}"`,
        signal,
      });
      // What the node does not have any more it says without a time.
      return text.split("\n").flatMap((line) => toLine(line, pod) ?? []);
    } catch (error) {
      if (isNotThere(error)) return [];
      throw error;
    }
  };
  const restarted = (containerOf(pod)?.restartCount ?? 0) > 0;
  return [...(restarted ? await read(true) : []), ...(await read(false))];
}

async function* followLogs(
  api: Api,
  app: string,
  isWanted: (pod: Pod) => boolean,
  { signal }: RunContext,
): AsyncGenerator<LogLine> {
  const ended = new AbortController();
  const all = AbortSignal.any([signal, ended.signal]);
  const queue = new Queue<LogLine>();
  const followed = new Map<string, Promise<void>>();
  let mirror: Mirror<"Pod"> | undefined;
  const isGone = (pod: Pod) => mirror?.objects.get(pod.metadata.name)?.metadata.uid !== pod.metadata.uid;
  const look = () => {
    try {
      for (const pod of mirror?.objects.values() ?? []) {
        const { uid = pod.metadata.name } = pod.metadata;
        if (!isWanted(pod) || followed.has(uid)) continue;
        followed.set(
          uid,
          followPod(
            api,
            pod,
            () => isGone(pod),
            (line) => queue.push(line),
            all,
          ).catch((error) => queue.fail(error)),
        );
      }
    } catch (error) {
      queue.fail(error);
    }
  };
  const stop = () => queue.end();
  all.addEventListener("abort", stop, { once: true });
  try {
    mirror = await Mirror.open(api, { kind: "Pod", selector: selectorOf(app), signal: all, changed: look });
    look();
    yield* queue;
  } finally {
    ended.abort();
    await mirror?.[Symbol.asyncDispose]();
    await Promise.all(followed.values());
  }
}

/** One pod's log from its beginning, through restarts of its container and broken connections, until the pod is gone. */
async function followPod(
  api: Api,
  pod: Pod,
  isGone: () => boolean,
  tell: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const { name } = pod.metadata;
  let last = "";
  while (!signal.aborted) {
    try {
      // `sinceTime` knows whole seconds only; what was told already is left out by its own time.
      const since = last === "" ? { tailLines: String(TAIL) } : { sinceTime: `${last.slice(0, 19)}Z` };
      const query = { follow: "true", timestamps: "true", ...since };
      const stream = await api.stream({
        path: `${pathOf("Pod", api.namespace, name)}/log`,
        query,
        what: `read the log of "${name}"`,
        once: true,
        signal,
      });
      for await (const text of linesOf(stream)) {
        const line = toLine(text, pod);
        if (line === undefined || line.time <= last) continue;
        last = line.time;
        tell(toMilliseconds(line));
      }
    } catch (error) {
      if (signal.aborted) return;
      const code = statusOf(error)?.code;
      if (code === 401 || code === 403) throw error;
      // Else it is starting, or restarts, or the connection broke: its log goes on, unless the pod is gone.
    }
    if (isGone()) return;
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}

function toLine(text: string, pod: Pod): LogLine | undefined {
  const space = text.indexOf(" ");
  if (space < 0 || isLogGone(text)) return undefined;
  return {
    time: text.slice(0, space),
    service: serviceOf(pod) ?? "",
    replica: replicaNameOf(pod),
    line: text.slice(space + 1),
  };
}

/** The cluster tells nanoseconds, which order lines and say which were told already. */
function toMilliseconds(line: LogLine): LogLine {
  return { ...line, time: new Date(line.time).toISOString() };
}

function isNotThere(error: unknown): boolean {
  const code = statusOf(error)?.code;
  return code === 400 || code === 404;
}
