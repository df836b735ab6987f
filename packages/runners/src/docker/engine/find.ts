import { existsSync } from "node:fs";
import { join } from "node:path";
import { type EngineAddress, parseAddress, readTls, type TlsFiles, unix } from "./address.ts";
import { contextAddress, currentContext } from "./contexts.ts";

/** What finding an engine depends on; tests give their own. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: string;
}

/**
 * The addresses at which an engine may answer, in the order in which to try them. DOCKER_HOST, or else the current
 * Docker context, is an order and stands alone; without either, each place that is known to hold an engine's socket.
 *
 * WRONG_USE where DOCKER_HOST or the context cannot be understood.
 */
export function engineAddresses({ env, home, platform }: Surroundings): readonly EngineAddress[] {
  const configFolder = env.DOCKER_CONFIG || join(home, ".docker");
  if (env.DOCKER_HOST) return [parseAddress(env.DOCKER_HOST, "DOCKER_HOST", tlsFromEnv(env, configFolder))];
  const context = env.DOCKER_CONTEXT || currentContext(configFolder);
  if (context !== undefined && context !== "default") return [contextAddress(configFolder, context)];
  if (platform === "win32") return [unix("//./pipe/docker_engine"), unix("//./pipe/podman-machine-default")];
  const runtime = env.XDG_RUNTIME_DIR;
  return [
    "/var/run/docker.sock",
    runtime && join(runtime, "docker.sock"),
    join(home, ".docker/run/docker.sock"),
    join(home, ".docker/desktop/docker.sock"),
    join(home, ".colima/default/docker.sock"),
    join(home, ".config/colima/default/docker.sock"),
    join(home, ".orbstack/run/docker.sock"),
    join(home, ".rd/docker.sock"),
    runtime && join(runtime, "podman/podman.sock"),
    join(home, ".local/share/containers/podman/machine/podman.sock"),
    "/run/podman/podman.sock",
  ]
    .filter((path): path is string => Boolean(path))
    .map(unix);
}

/** Whether there is anything at an address to try; only a socket's file can be looked for. */
export function mayAnswer(address: EngineAddress): boolean {
  return address.kind !== "unix" || address.path.startsWith("//./pipe/") || existsSync(address.path);
}

function tlsFromEnv(env: Surroundings["env"], configFolder: string): TlsFiles | undefined {
  const verify = Boolean(env.DOCKER_TLS_VERIFY);
  if (!verify && !env.DOCKER_CERT_PATH && !env.DOCKER_TLS) return undefined;
  return readTls(env.DOCKER_CERT_PATH || configFolder, verify);
}
