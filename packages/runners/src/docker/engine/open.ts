import { HadronError, inWords, systemCode } from "@hadron/core/spi";
import type { EngineAddress } from "./address.ts";
import { Engine } from "./client.ts";
import { engineAddresses, mayAnswer, type Surroundings } from "./find.ts";
import { forwardSsh } from "./ssh.ts";

/** How long an engine may take to say that it is there. */
const PING_MS = 5_000;

/**
 * Finds the engine that the user works with. RUNNER_FAILED where none answers, with each address that was tried and what
 * to do.
 */
export async function openEngine(surroundings: Surroundings, signal: AbortSignal): Promise<Engine> {
  const addresses = engineAddresses(surroundings);
  const tried: string[] = [];
  for (const address of addresses) {
    if (!mayAnswer(address)) {
      tried.push(`${address.said} (not there)`);
      continue;
    }
    try {
      return await ping(address, signal);
    } catch (error) {
      signal.throwIfAborted();
      tried.push(`${address.said} (${reason(error)})`);
    }
  }
  const list = tried.map((place) => `\n  ${place}`).join("");
  throw new HadronError(
    "RUNNER_FAILED",
    `No Docker engine answers. Tried:${list}\nStart one (Docker, Colima, OrbStack, Podman), or say where it is with DOCKER_HOST.`,
  );
}

async function ping(address: EngineAddress, signal: AbortSignal): Promise<Engine> {
  const forward = address.kind === "ssh" ? await forwardSsh(address, signal) : undefined;
  const engine = new Engine(address, forward);
  try {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no answer in ${PING_MS / 1000} s`)), PING_MS);
    try {
      await Promise.race([engine.stream("/_ping", { signal }).then((answer) => answer.resume()), promise]);
    } finally {
      clearTimeout(timer);
    }
    return engine;
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}

function reason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = systemCode(cause);
  if (code === "EACCES") return "permission denied: your user may not use it";
  if (code === "ECONNREFUSED") return "nobody listens there";
  return inWords(cause);
}
