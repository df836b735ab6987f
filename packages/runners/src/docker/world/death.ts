import { lastError } from "../../shared/last-error.ts";
import { jsonLinesOf } from "../../shared/lines.ts";
import type { Engine } from "../engine/client.ts";
import { readLines } from "../engine/frames.ts";
import type { ContainerDetails, EngineEvent } from "../engine/types.ts";

const TAIL_LINES = 30;

/**
 * Why the life before this one ended, in words. The engine keeps the exit code of a container that runs again among its
 * events alone, and not for ever.
 */
export async function describeLastDeath(
  engine: Engine,
  { Id, State }: Pick<ContainerDetails, "Id" | "State">,
  signal: AbortSignal,
): Promise<string> {
  if (State.OOMKilled) return describeDeath(State);
  const code = await lastExitCode(engine, Id, State, signal);
  if (code === undefined) return "it was restarted";
  const isError = code > 0 && code < 128;
  const error = isError ? lastError(await linesBefore(engine, Id, State, signal)) : undefined;
  return error === undefined ? describeExit(code) : `${describeExit(code)} (${error})`;
}

async function lastExitCode(
  engine: Engine,
  id: string,
  { FinishedAt }: ContainerDetails["State"],
  signal: AbortSignal,
): Promise<number | undefined> {
  const at = Date.parse(FinishedAt) / 1000;
  const filters = JSON.stringify({ container: [id], event: ["die"] });
  const stream = await engine.stream("/events", { query: { since: at - 1, until: at + 1, filters }, signal });
  const deaths = await Array.fromAsync(jsonLinesOf<EngineEvent>(stream));
  const code = deaths.at(-1)?.Actor.Attributes.exitCode;
  return code === undefined ? undefined : Number(code);
}

/** What it wrote before it was started again. */
async function linesBefore(
  engine: Engine,
  id: string,
  { StartedAt }: ContainerDetails["State"],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const query = { stdout: true, stderr: true, tail: TAIL_LINES, until: Date.parse(StartedAt) / 1000 };
  return Array.fromAsync(readLines(await engine.stream(`/containers/${id}/logs`, { query, signal })));
}

/** Why a container ended, in words. */
export function describeDeath({ OOMKilled, ExitCode, Error: error, Status }: ContainerDetails["State"]): string {
  if (error !== "") return `the engine could not start it: ${error}`;
  if (OOMKilled) return "out of memory: it reached the limit of its container; raise capacity.memoryMiB";
  if (Status === "created") return "it was never started";
  return describeExit(ExitCode);
}

/** An exit code in words. */
export function describeExit(code: number): string {
  if (code === 137) return "killed (exit code 137)";
  if (code === 134) return "out of memory: its heap is full (exit code 134); raise capacity.memoryMiB";
  // SIGUSR2: by its own watch (see watchForHang of @hadron/core).
  if (code === 140) return "it hung: it answered nothing for its limits.hangMs (exit code 140)";
  if (code === 139) return "segmentation fault (exit code 139)";
  return `exit code ${code}`;
}
