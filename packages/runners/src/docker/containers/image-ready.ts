import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Readiness } from "@hadron/core/spi";
import type { Engine } from "../engine/client.ts";
import type { ContainerDetails, ContainerSummary } from "../engine/types.ts";
import { LABEL } from "../names/labels.ts";
import { ask } from "../world/probe.ts";
import { toSeen } from "../world/world.ts";
import type { ContainerReadiness, ContainerSpec } from "./finish.ts";
import { inspectStarting } from "./inspect.ts";
import { waitForLine } from "./wait-for-line.ts";

/** An image of which nothing more can be seen counts as ready when it has lived for this long. */
const SETTLED_MS = 1_000;
const LOOK_MS = 100;
const COMMAND_MS = 10_000;

type State = ContainerDetails["State"];

/**
 * Waits until an image is ready: as it was declared to be, else by its own health check, else by its port, else until it has
 * lived for a second. The same for a port that this machine cannot reach, as on an engine that is elsewhere.
 * RUNNER_FAILED where it ends before.
 */
export async function waitForImage(
  engine: Engine,
  id: string,
  spec: ContainerSpec,
  how: Exclude<ContainerReadiness, { readonly by: "word" }>,
  signal: AbortSignal,
): Promise<void> {
  if (how.by === "sight") return waitForLook(engine, id, spec, bySight(how.port), signal);
  const { ready, ports } = how;
  if (!("log" in ready)) return waitForLook(engine, id, spec, declared(ready, ports), signal);
  const pattern = new RegExp(ready.log);
  return waitForLine(engine, id, spec, (line) => pattern.test(line), signal);
}

async function waitForLook(
  engine: Engine,
  id: string,
  spec: ContainerSpec,
  look: Look,
  signal: AbortSignal,
): Promise<void> {
  const settled = new Settled();
  for (;;) {
    const state = await inspectStarting(engine, id, spec, signal);
    if (state.Running && (await look({ engine, id, state, settled, signal }))) return;
    await sleep(LOOK_MS, undefined, { signal });
  }
}

interface Looked {
  readonly engine: Engine;
  readonly id: string;
  readonly state: State;
  readonly settled: Settled;
  readonly signal: AbortSignal;
}
type Look = (looked: Looked) => Promise<boolean>;

function declared(ready: Exclude<Readiness, { readonly log: string }>, ports: Readonly<Record<string, number>>): Look {
  if ("command" in ready) return ({ engine, id, signal }) => succeeds(engine, id, ready.command, signal);
  if ("tcp" in ready) return atPort(ports[ready.tcp] ?? null, accepts);
  const { port, path } = ready.http;
  return atPort(ports[port] ?? null, async (host, number) => {
    const answer = await ask({ host, port: number, path }, undefined);
    return answer !== undefined && answer.status >= 200 && answer.status < 400;
  });
}

function bySight(port: number | null): Look {
  const look = atPort(port, accepts);
  return async (looked) => {
    const health = looked.state.Health?.Status ?? "none";
    return health === "none" ? look(looked) : health === "healthy";
  };
}

function atPort(port: number | null, isReady: (host: string, port: number) => Promise<boolean>): Look {
  return async ({ engine, id, state, settled, signal }) => {
    const address = port === null ? undefined : await addressOf(engine, id, signal);
    return port === null || address === undefined ? settled.has(state) : isReady(address, port);
  };
}

/** Whether a container has lived for a while: counted here, since the engine's clock is not ours, and each may jump. */
class Settled {
  #startedAt = "";
  #since = 0;

  has({ StartedAt }: State): boolean {
    if (StartedAt !== this.#startedAt) {
      this.#startedAt = StartedAt;
      this.#since = performance.now();
    }
    return performance.now() - this.#since > SETTLED_MS;
  }
}

/** Where a container is on the app's network, if this machine can reach it there. */
export async function addressOf(engine: Engine, id: string, signal: AbortSignal): Promise<string | undefined> {
  const filters = JSON.stringify({ id: [id] });
  const [summary] = await engine.get<readonly ContainerSummary[]>("/containers/json", { query: { filters }, signal });
  return summary === undefined ? undefined : toSeen(summary, summary.Labels?.[LABEL.app] ?? "").address;
}

/** Whether a command in the container ends with status 0. One that hangs is tried anew. */
async function succeeds(engine: Engine, id: string, command: readonly string[], signal: AbortSignal): Promise<boolean> {
  // 409: it does not run any more; the next look says so.
  const made = await engine.post<{ readonly Id?: string }>(`/containers/${id}/exec`, {
    body: { Cmd: command },
    accept: [409],
    signal,
  });
  if (made.Id === undefined) return false;
  await engine.post(`/exec/${made.Id}/start`, { body: { Detach: true }, accept: [409], signal });
  const until = performance.now() + COMMAND_MS;
  while (performance.now() < until) {
    const { Running, ExitCode } = await engine.get<{ readonly Running: boolean; readonly ExitCode: number | null }>(
      `/exec/${made.Id}/json`,
      { signal },
    );
    if (!Running) return ExitCode === 0;
    await sleep(LOOK_MS, undefined, { signal });
  }
  return false;
}

/** Whether something listens there. */
function accepts(host: string, port: number, timeoutMs = 500): Promise<boolean> {
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
