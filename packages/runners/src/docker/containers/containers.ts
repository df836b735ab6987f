import { HadronError, inWords } from "@hadron/core/spi";
import { type Engine, EngineError } from "../engine/client.ts";
import { successorName } from "../names/names.ts";
import type { SeenContainer } from "../world/world.ts";
import type { ContainerSpec } from "./finish.ts";

/**
 * Creates a container, under the name of a successor where its own is still in use by a predecessor. Secrets in its
 * environment are added here, so that no plan, no signature and no exported file has them.
 */
export async function createContainer(
  engine: Engine,
  spec: ContainerSpec,
  options: {
    readonly successorOf: string | undefined;
    readonly secretEnvironment: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly id: string; readonly name: string }> {
  const name = options.successorOf === undefined ? spec.name : successorName(spec.name, options.successorOf);
  const secrets = Object.entries(options.secretEnvironment).map(([secret, value]) => `${secret}=${value}`);
  const { Id } = await engine.post<{ Id: string }>("/containers/create", {
    query: { name },
    body: { ...spec.payload, Env: [...spec.payload.Env, ...secrets] },
    signal: options.signal,
  });
  return { id: Id, name };
}

/** Starts a container; one that runs is left alone. */
export async function startContainer(engine: Engine, id: string, signal?: AbortSignal): Promise<void> {
  try {
    await engine.post(`/containers/${id}/start`, { accept: [304], signal });
  } catch (error) {
    throw portTaken(error) ?? error;
  }
}

/** The engine's words for a port that is taken, in ours; undefined for any other failure. */
function portTaken(cause: unknown): HadronError | undefined {
  const text = inWords(cause);
  const [, host, port] = /\b([\d.]+|\[[\da-f:]+\]):(\d+)\b.*(?:already allocated|already in use)/is.exec(text) ?? [];
  if (port === undefined) return undefined;
  return new HadronError(
    "RUNNER_FAILED",
    `A service is to be exposed on port ${port} of ${host}, but another process or container has it. Stop that, or choose another: expose: { port: … }.`,
    { cause },
  );
}

/** SIGTERM, and SIGKILL when its time to drain is over. One that is gone or stopped is left alone. */
export async function stopContainer(engine: Engine, id: string, signal?: AbortSignal): Promise<void> {
  await engine.post(`/containers/${id}/stop`, { accept: [304, 404], signal });
}

/** Lets a container drain, and removes it with what belongs to it alone. */
export async function retireContainer(
  engine: Engine,
  seen: Pick<SeenContainer, "id" | "state">,
  signal?: AbortSignal,
): Promise<void> {
  if (seen.state === "running" || seen.state === "restarting") await stopContainer(engine, seen.id, signal);
  await removeContainer(engine, seen.id, signal);
}

/** Removes a container at once. Another who removes it at the same time does no harm. */
export async function removeContainer(engine: Engine, id: string, signal?: AbortSignal): Promise<void> {
  try {
    await engine.delete(`/containers/${id}`, { query: { force: true, v: true }, signal });
  } catch (error) {
    if (!(error instanceof EngineError && error.status === 409 && /removal .* in progress/.test(error.message)))
      throw error;
  }
}

export async function renameContainer(engine: Engine, id: string, name: string, signal?: AbortSignal): Promise<void> {
  await engine.post(`/containers/${id}/rename`, { query: { name }, signal });
}
