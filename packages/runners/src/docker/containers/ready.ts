import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { HadronError } from "@hadron/core/spi";
import type { Engine } from "../engine/client.ts";
import { readLines } from "../engine/frames.ts";
import type { ContainerDetails, ContainerSummary } from "../engine/types.ts";
import { LABEL } from "../names/labels.ts";
import { describeDeath } from "../world/death.ts";
import { toSeen } from "../world/world.ts";
import type { ContainerSpec } from "./spec.ts";

/** How long a replica may take from its start until it serves. */
const START_MS = 60_000;
/** After so many deaths it will not come up by itself: what it fails at is the same each time. */
const TRIES = 3;
const TAIL_LINES = 20;
/** An image of which nothing more is known counts as ready when it has lived for this long. */
const SETTLED_MS = 1_000;

/**
 * Waits until a container that was started serves. RUNNER_FAILED, with its last lines, where it does not.
 *
 * A replica of ours says so in its log, which reaches us wherever the engine is. An image is asked in the way that it
 * offers: its own health check, else its port, else that it lives.
 */
export async function waitUntilReady(
  engine: Engine,
  id: string,
  spec: ContainerSpec,
  signal: AbortSignal,
): Promise<void> {
  const timeout = AbortSignal.timeout(START_MS);
  const both = AbortSignal.any([signal, timeout]);
  try {
    if (spec.role === "image") await waitForImage(engine, id, spec, both);
    else await waitForReplica(engine, id, spec, both);
  } catch (error) {
    signal.throwIfAborted();
    if (!timeout.aborted) throw error;
    throw await notReady(engine, id, spec, `it was not ready ${START_MS / 1000} s after its start`);
  }
}

async function waitForReplica(engine: Engine, id: string, spec: ContainerSpec, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { State, RestartCount } = await inspect(engine, id, signal);
    const dead = !State.Running && !State.Restarting;
    if (dead || RestartCount >= TRIES) throw await notReady(engine, id, spec, describeDeath(State), RestartCount);
    if (State.Restarting) {
      await sleep(50, undefined, { signal });
      continue;
    }
    const since = sinceStart(State.StartedAt);
    const log = await engine.stream(`/containers/${id}/logs`, {
      query: { follow: true, stdout: true, stderr: true, since },
      signal,
    });
    try {
      for await (const line of readLines(log)) {
        if (!line.startsWith("{")) continue;
        if (line.includes('"event":"ready"')) return;
        const refusal = refusalIn(line);
        if (refusal !== undefined)
          throw new HadronError("RUNNER_FAILED", `${replicaOf(spec)} refuses to start: ${refusal}`);
      }
    } finally {
      log.destroy();
    }
  }
}

/** Whether a replica that runs has begun to stop in this life of it, as its log tells. */
export async function isDraining(engine: Engine, id: string, startedAt: string, signal: AbortSignal): Promise<boolean> {
  const query = { stdout: true, tail: TAIL_LINES, since: sinceStart(startedAt) };
  const log = await engine.stream(`/containers/${id}/logs`, { query, signal });
  const lines = await Array.fromAsync(readLines(log));
  return lines.some((line) => line.startsWith("{") && line.includes('"event":"draining"'));
}

/** What it said in an earlier life does not count. */
function sinceStart(startedAt: string): number {
  return (Date.parse(startedAt) - 1) / 1000;
}

/** A replica that cannot start says why in one line. */
function refusalIn(line: string): string | undefined {
  if (!line.startsWith('{"error":')) return undefined;
  try {
    return (JSON.parse(line) as { error: { message?: string } }).error.message;
  } catch {
    return undefined;
  }
}

async function waitForImage(engine: Engine, id: string, spec: ContainerSpec, signal: AbortSignal): Promise<void> {
  let seen: { readonly startedAt: string; readonly at: number } | undefined;
  for (;;) {
    const { State, RestartCount } = await inspect(engine, id, signal);
    if ((!State.Running && !State.Restarting) || RestartCount >= TRIES) {
      throw await notReady(engine, id, spec, describeDeath(State), RestartCount);
    }
    const health = State.Health?.Status ?? "none";
    if (health === "healthy") return;
    if (State.Running && health === "none") {
      const address = spec.port === null ? undefined : await addressOf(engine, id, signal);
      if (address !== undefined) {
        if (await accepts(address, spec.port!)) return;
      } else {
        // Counted here, from when it was seen: the engine's clock is not ours, and each may jump.
        if (seen?.startedAt !== State.StartedAt) seen = { startedAt: State.StartedAt, at: performance.now() };
        if (performance.now() - seen.at > SETTLED_MS) return;
      }
    }
    await sleep(100, undefined, { signal });
  }
}

async function addressOf(engine: Engine, id: string, signal: AbortSignal): Promise<string | undefined> {
  const filters = JSON.stringify({ id: [id] });
  const [summary] = await engine.get<readonly ContainerSummary[]>("/containers/json", { query: { filters }, signal });
  return summary === undefined ? undefined : toSeen(summary, summary.Labels?.[LABEL.app] ?? "").address;
}

/** Whether something listens there. */
export function accepts(host: string, port: number, timeoutMs = 500): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.setTimeout(timeoutMs, () => socket.destroy());
    socket.once("close", () => resolve(false)).once("error", () => resolve(false));
    socket.once("connect", () => {
      resolve(true);
      // Taken leave of as a client does: a server may not expect to be cut off.
      socket.resume().end();
    });
  });
}

export function inspect(engine: Engine, id: string, signal?: AbortSignal): Promise<ContainerDetails> {
  return engine.get<ContainerDetails>(`/containers/${id}/json`, { signal });
}

async function notReady(
  engine: Engine,
  id: string,
  spec: ContainerSpec,
  why: string,
  restarts = 0,
): Promise<HadronError> {
  const lines = await lastLines(engine, id).catch(() => []);
  const tail =
    lines.length === 0 ? " It printed nothing." : ` Its last lines:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  const often = restarts > 0 ? `, ${restarts + 1} times` : "";
  return new HadronError("RUNNER_FAILED", `${replicaOf(spec)} does not start: ${why}${often}.${tail}`);
}

async function lastLines(engine: Engine, id: string): Promise<readonly string[]> {
  const log = await engine.stream(`/containers/${id}/logs`, {
    query: { stdout: true, stderr: true, tail: TAIL_LINES },
  });
  return Array.fromAsync(readLines(log));
}

function replicaOf({ service, ordinal }: ContainerSpec): string {
  return ordinal < 0 ? `The ingress of ${service}` : `${service}.${ordinal}`;
}
