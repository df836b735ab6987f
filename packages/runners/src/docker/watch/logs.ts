import type { LogLine, LogOptions } from "@hadron/core/spi";
import { Queue } from "../../shared/queue.ts";
import type { Engine } from "../engine/client.ts";
import { statusOf } from "../engine/client.ts";
import { readTimedLines } from "../engine/frames.ts";
import { replicaOf } from "../names/replica-name.ts";
import { watchContainers } from "../world/events.ts";
import { type SeenContainer, seeContainers } from "../world/world.ts";

/**
 * The lines of all replicas of an app, or of one service, oldest first. Following, what is still to come as it comes,
 * from replicas that come, go and are restarted, too.
 */
export async function* readLogs(
  engine: Engine,
  app: string,
  { service, follow, since, tail: last }: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const wanted = (container: SeenContainer) => service === undefined || container.service === service;
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  const queue = new Queue<LogLine>();
  const followed = new Map<string, string>();
  try {
    // Watched before it is listed, so that none that starts in between is missed.
    const events = follow ? watchContainers(engine, app, both) : undefined;
    const first = events?.next();
    // Whoever stops reading before it is awaited does not want to hear of it.
    first?.catch(() => {});
    const containers = (await seeContainers(engine, app, both)).filter(wanted);
    // By the engine's clock: with ours, lines would come twice or never where the two differ.
    const { date } = await engine.getDated("/version", { signal: both });
    const until = new Date(date).toISOString();
    const past = await Promise.all(
      containers.map((container) =>
        Array.fromAsync(linesOf(engine, container, { since, tail: last, until: follow ? until : undefined }, both)),
      ),
    );
    yield* past
      .flat()
      .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
      .map(({ line }) => line);
    if (events === undefined) return;
    const tail = (container: SeenContainer, since: string) => {
      void followOne(engine, container, since, followed, queue, both);
    };
    for (const container of containers) tail(container, until);
    void attend(engine, app, events, first!, wanted, tail, both).then(
      () => queue.end(),
      (error: unknown) => queue.fail(error),
    );
    yield* queue;
  } finally {
    ended.abort();
  }
}

/** Follows each container that starts. */
async function attend(
  engine: Engine,
  app: string,
  events: AsyncGenerator<{
    readonly Action: string;
    readonly Actor: { readonly ID: string };
    readonly timeNano: number;
  }>,
  first: ReturnType<typeof events.next>,
  wanted: (container: SeenContainer) => boolean,
  tail: (container: SeenContainer, since: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let next = await first; next.done !== true; next = await events.next()) {
    const { Action, Actor, timeNano } = next.value;
    if (Action !== "start") continue;
    const found = (await seeContainers(engine, app, signal)).find(({ id }) => id === Actor.ID);
    if (found !== undefined && wanted(found)) tail(found, new Date(timeNano / 1e6 - 1).toISOString());
  }
}

async function followOne(
  engine: Engine,
  container: SeenContainer,
  since: string,
  followed: Map<string, string>,
  queue: Queue<LogLine>,
  signal: AbortSignal,
): Promise<void> {
  const from = followed.get(container.id) ?? since;
  try {
    for await (const { at, line } of linesOf(engine, container, { since: from, follow: true }, signal)) {
      // After a restart, the last lines of the life before may be offered again.
      const last = followed.get(container.id);
      if (last !== undefined && at <= last) continue;
      followed.set(container.id, at);
      queue.push(line);
    }
  } catch (error) {
    // One that was removed while we asked has no more lines; that the engine is gone, the events tell.
    if (!signal.aborted && statusOf(error) === undefined) queue.fail(error);
  }
}

interface TimedLine {
  /** The engine's time, to the nanosecond: what orders lines of different replicas. */
  readonly at: string;
  readonly line: LogLine;
}

async function* linesOf(
  engine: Engine,
  container: SeenContainer,
  {
    since,
    until,
    tail,
    follow,
  }: {
    since?: string | undefined;
    until?: string | undefined;
    tail?: number | undefined;
    follow?: boolean;
  },
  signal: AbortSignal,
): AsyncGenerator<TimedLine> {
  const seconds = (time: string | undefined) => (time === undefined ? undefined : Date.parse(time) / 1000);
  const range = { since: seconds(since), until: seconds(until), tail };
  const query = { stdout: true, stderr: true, timestamps: true, follow, ...range };
  const stream = await engine.stream(`/containers/${container.id}/logs`, { query, signal });
  try {
    for await (const { at, text: line } of readTimedLines(stream)) {
      yield {
        at,
        line: { time: new Date(at).toISOString(), service: container.service, replica: replicaOf(container), line },
      };
    }
  } finally {
    stream.destroy();
  }
}
