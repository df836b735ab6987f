import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { RunnerPlaces } from "@hadron/core/spi";
import { DEFAULT_BASE_IMAGE } from "./names/base-image.ts";

/** See `RunnerPlaces`. */
export const summary = "containers, through the Docker Engine";

export const flags: RunnerPlaces["flags"] = [
  {
    name: "base-image",
    value: "IMAGE",
    help: `what images are built upon (or HADRON_BASE_IMAGE; ${DEFAULT_BASE_IMAGE})`,
  },
];

export const provides: RunnerPlaces["provides"] = [
  "containers",
  "storage",
  "generated-secrets",
  "tls",
  "ingress-tls",
  "connections",
  "others-connections",
];

export const endsWithCommand = false;

/** An engine is there where the environment names one, or a socket lies where one would listen: see `engine/find.ts`. */
export const answers: RunnerPlaces["answers"] = (env) => {
  const home = env.HOME ?? homedir();
  const runtime = env.XDG_RUNTIME_DIR ?? "/run";
  const sockets = [
    "/var/run/docker.sock",
    ...[".docker/run/docker.sock", ".docker/contexts", ".docker/desktop/docker.sock"].map((path) => join(home, path)),
    ...[".colima/default/docker.sock", ".orbstack/run/docker.sock", ".rd/docker.sock"].map((path) => join(home, path)),
    ...["docker.sock", "podman/podman.sock"].map((path) => join(runtime, path)),
  ];
  const isThere =
    Boolean(env.DOCKER_HOST || env.DOCKER_CONTEXT) ||
    process.platform === "win32" ||
    sockets.some((path) => existsSync(path));
  return isThere ? "perhaps" : "never";
};
