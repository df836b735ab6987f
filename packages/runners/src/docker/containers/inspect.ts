import { HadronError } from "@hadron/core/spi";
import type { Engine } from "../engine/client.ts";
import { readLines } from "../engine/frames.ts";
import type { ContainerDetails } from "../engine/types.ts";
import { describeDeath } from "../world/death.ts";
import type { ContainerSpec } from "./finish.ts";

/** After so many deaths it will not come up by itself: what it fails at is the same each time. */
const TRIES = 3;
const TAIL_LINES = 20;

export function inspect(engine: Engine, id: string, signal?: AbortSignal): Promise<ContainerDetails> {
  return engine.get<ContainerDetails>(`/containers/${id}/json`, { signal });
}

/** The state of a container that is on its way up. RUNNER_FAILED, with its last lines, where it is on none any more. */
export async function inspectStarting(
  engine: Engine,
  id: string,
  spec: ContainerSpec,
  signal: AbortSignal,
): Promise<ContainerDetails["State"]> {
  const { State, RestartCount } = await inspect(engine, id, signal);
  const dead = !State.Running && !State.Restarting;
  if (dead || RestartCount >= TRIES) throw await notReady(engine, id, spec, describeDeath(State), RestartCount);
  return State;
}

/** Whether a replica that runs has begun to stop in this life of it, as its log tells. */
export async function isDraining(engine: Engine, id: string, startedAt: string, signal: AbortSignal): Promise<boolean> {
  const query = { stdout: true, tail: TAIL_LINES, since: sinceStart(startedAt) };
  const log = await engine.stream(`/containers/${id}/logs`, { query, signal });
  const lines = await Array.fromAsync(readLines(log));
  return lines.some((line) => line.startsWith("{") && line.includes('"event":"draining"'));
}

/** What it said in an earlier life does not count. */
export function sinceStart(startedAt: string): number {
  return (Date.parse(startedAt) - 1) / 1000;
}

/** Why a container does not start, with what it printed last. */
export async function notReady(
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
  return new HadronError("RUNNER_FAILED", `${nameOf(spec)} does not start: ${why}${often}.${tail}`);
}

async function lastLines(engine: Engine, id: string): Promise<readonly string[]> {
  const log = await engine.stream(`/containers/${id}/logs`, {
    query: { stdout: true, stderr: true, tail: TAIL_LINES },
  });
  return Array.fromAsync(readLines(log));
}

/** The container, in words that begin a sentence. */
export function nameOf({ service, ordinal }: ContainerSpec): string {
  return ordinal < 0 ? `The ingress of ${service}` : `${service}.${ordinal}`;
}
