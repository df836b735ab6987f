import type { AppStatus, ReplicaState, ReplicaStatus, ServiceStatus } from "@hadron/core/spi";
import { inspect } from "../containers/inspect.ts";
import type { Engine } from "../engine/client.ts";
import { statusOf } from "../engine/client.ts";
import type { ContainerDetails } from "../engine/types.ts";
import { describeDeath, describeLastDeath } from "../world/death.ts";
import { endpointOf } from "../world/endpoint.ts";
import { probe } from "../world/probe.ts";
import { type SeenContainer, seeContainers } from "../world/world.ts";

/** What runs of an app, as the engine and the replicas themselves tell it now. */
export async function readStatus(engine: Engine, app: string, signal: AbortSignal): Promise<AppStatus> {
  const containers = await seeContainers(engine, app, signal);
  const replicas = containers.filter((container) => container.role !== "ingress");
  const told = await Promise.all(
    replicas.map(async (replica) => ({ replica, status: await replicaStatus(engine, replica, signal) })),
  );
  const names = [...new Set(replicas.map((replica) => replica.service))].sort(rootsFirst);
  const services = names.map((name): ServiceStatus => {
    const own = told
      .filter(({ replica }) => replica.service === name)
      .sort(({ replica: a }, { replica: b }) => a.ordinal - b.ordinal || a.created - b.created);
    const ready = own.filter(({ status }) => status.state === "ready");
    const doors = [
      ...containers.filter((container) => container.role === "ingress" && container.service === name),
      ...[...ready, ...own].map(({ replica }) => replica),
    ];
    const endpoint = doors.map((door) => endpointOf(door, engine.address)).find((address) => address !== null) ?? null;
    return { name, endpoint, replicas: own.map(({ status }) => status) };
  });
  const newest = [...replicas].sort((a, b) => b.created - a.created)[0];
  return { app, runner: "docker", revision: newest?.revision ?? null, services };
}

/** The name of a service's root comes before those of its leaves, which begin with it. */
function rootsFirst(a: string, b: string): number {
  return a < b ? -1 : 1;
}

async function replicaStatus(engine: Engine, container: SeenContainer, signal: AbortSignal): Promise<ReplicaStatus> {
  const [details, answers] = await Promise.all([
    inspect(engine, container.id, signal).catch(goneAs(undefined)),
    container.role === "replica" && container.address !== undefined ? askReplica(container.address) : undefined,
  ]);
  const name = `${container.service}.${container.ordinal}`;
  if (details === undefined)
    return { name, state: "draining", restarts: 0, reason: "it is being removed", calls: null };
  const { state, reason } = judge(details, answers, container);
  const isBack = state === "ready" && reason === null && container.role === "replica" && details.RestartCount > 0;
  return {
    name,
    state,
    restarts: details.RestartCount,
    reason: isBack ? await describeLastDeath(engine, details, signal) : reason,
    calls: answers?.calls ?? null,
  };
}

/** A container may go between the listing and the question. */
function goneAs<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (statusOf(error) === 404) return value;
    throw error;
  };
}

interface Answers {
  /** Whether it answers at all, and says that it is ready. */
  readonly ready: boolean | undefined;
  readonly calls: number | null;
}

async function askReplica(address: string): Promise<Answers> {
  const [ready, metrics] = await Promise.all([probe(address, "/readyz"), probe(address, "/metrics")]);
  return {
    ready: ready === undefined ? undefined : ready.status === 200,
    calls: metrics?.status === 200 ? countCalls(metrics.text) : null,
  };
}

/** Adds up `hadron_calls_total` over all procedures. */
function countCalls(metrics: string): number {
  return [...metrics.matchAll(/^hadron_calls_total(?:\{[^}]*\})? (\d+)/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}

function judge(
  { State }: ContainerDetails,
  answers: Answers | undefined,
  { role, connected }: SeenContainer,
): { state: ReplicaState; reason: string | null } {
  if (State.Status === "paused") return { state: "failed", reason: "it is paused" };
  if (State.Restarting) return { state: "starting", reason: describeDeath(State) };
  if (!State.Running)
    return { state: State.Status === "created" ? "starting" : "failed", reason: describeDeath(State) };
  if (!connected) return { state: "failed", reason: "it was taken off the app's network; run up to put it back" };
  if (role === "image") {
    const health = State.Health?.Status ?? "none";
    if (health === "unhealthy") return { state: "failed", reason: "its health check fails" };
    return { state: health === "starting" ? "starting" : "ready", reason: null };
  }
  // Where it cannot be asked from here, a process that runs counts as ready: the roll-out saw it serve.
  if (answers === undefined || answers.ready) return { state: "ready", reason: null };
  if (answers.ready === undefined) return { state: "starting", reason: "it does not answer" };
  return { state: "draining", reason: null };
}
