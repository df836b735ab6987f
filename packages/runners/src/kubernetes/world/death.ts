import { lastError, ranOutOfHeap, shorten } from "../../shared/last-error.ts";
import type { ContainerEnd, ContainerStatus } from "../objects/fields.ts";
import type { Pod } from "../objects/objects.ts";

/** The one container of a pod that is ours; others may have been put beside it. */
export function containerOf(pod: Pod): ContainerStatus | undefined {
  const statuses = pod.status?.containerStatuses ?? [];
  return statuses.find(({ name }) => name === "replica" || name === "image") ?? statuses[0];
}

/** The limit of the container that is ours, as its spec has it, e.g. `512Mi`. */
export function memoryOf(pod: Pod): string | undefined {
  const containers = pod.spec?.containers ?? [];
  const ours = containers.find(({ name }) => name === "replica" || name === "image") ?? containers[0];
  return ours?.resources?.limits?.memory;
}

/** An event of the cluster about one of our objects. */
export interface KubeEvent {
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

/** By how Node gives up where its heap is full: SIGABRT, SIGTRAP or SIGILL, by its build. */
const ABORTED: readonly (number | undefined)[] = [134, 133, 132];

const KILLED = 137;

/** Whether a pod's container was killed, which only the cluster's events tell why: it hung, or somebody did it. */
export function wasKilled(pod: Pod): boolean {
  const { state, lastState } = containerOf(pod) ?? {};
  const ended = state?.terminated ?? lastState?.terminated;
  return ended?.exitCode === KILLED && ended.reason !== "OOMKilled";
}

/** Why a container was killed, by what the cluster tells of it; undefined where it tells nothing. */
export function describeKill(events: readonly KubeEvent[]): string | undefined {
  const hung = events.some(({ reason, message }) => reason === "Killing" && /liveness/.test(message));
  return hung ? "it hung: it answered nothing for its limits.hangMs" : undefined;
}

/** How a container ended, in words: one line. `memory`: its limit. */
export function describeEnd({ reason, exitCode, signal, message = "" }: ContainerEnd, memory?: string): string {
  const limit = memory === undefined ? "" : ` of ${memory}`;
  const lines = message.split("\n");
  if (reason === "OOMKilled") return `out of memory: it reached its limit${limit}; raise capacity.memoryMiB`;
  if (exitCode === 134 || (ABORTED.includes(exitCode) && ranOutOfHeap(lines)))
    return `out of memory: its heap is full, within its limit${limit}; raise capacity.memoryMiB`;
  if (signal !== undefined && signal > 0) return `killed by signal ${signal}`;
  if (exitCode === KILLED) return "killed (exit code 137)";
  if (exitCode === 139) return "segmentation fault (exit code 139)";
  const error = explanation(lines)?.first ?? lastError(lines);
  return error === undefined || exitCode === 0 ? `exit code ${exitCode}` : `exit code ${exitCode} (${error})`;
}

/** The last lines of a replica, in which one that refuses to start says why as JSON: that is all that a reader needs. */
export function explain(text: string): string {
  const lines = text.trimEnd().split("\n");
  return explanation(lines)?.text ?? lines.join("\n");
}

function explanation(lines: readonly string[]): { readonly first: string; readonly text: string } | undefined {
  for (const line of lines.toReversed()) {
    try {
      const { error } = JSON.parse(line) as { error?: { code?: string; message?: string; stack?: string } };
      if (error?.message === undefined) continue;
      const text = error.stack ?? `${error.code}: ${error.message}`;
      return { first: shorten(text.split("\n")[0] ?? text), text };
    } catch {
      // A line of the user's own.
    }
  }
  return undefined;
}
