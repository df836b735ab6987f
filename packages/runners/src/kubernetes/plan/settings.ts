import { HadronError } from "@hadron/core/spi";

type Env = Readonly<Record<string, string | undefined>>;

/** The runner's own options, with nothing left open. */
export interface Settings {
  readonly namespace: string | undefined;
  readonly context: string | undefined;
  readonly baseImage: string;
  /** The name of a Secret of the cluster with registry credentials. */
  readonly pullSecret: string | undefined;
  /** How long a roll-out may go on without any replica becoming ready. */
  readonly waitMs: number;
  readonly explicitApp: boolean;
  readonly env: Env;
  /** Where images go. WRONG_USE where nobody said it: a cluster pulls from a registry, there is no default. */
  registry(): string;
}

export function readSettings({
  flags,
  env,
  explicitApp,
}: {
  readonly flags: Readonly<Record<string, string>>;
  readonly env: Env;
  readonly explicitApp: boolean;
}): Settings {
  return {
    namespace: flags.namespace ?? (env.HADRON_NAMESPACE || undefined),
    context: flags.context ?? (env.HADRON_CONTEXT || undefined),
    baseImage: flags["base-image"] ?? (env.HADRON_BASE_IMAGE || "node:24-slim"),
    pullSecret: flags["pull-secret"] ?? (env.HADRON_PULL_SECRET || undefined),
    waitMs: 180_000,
    explicitApp,
    env,
    registry: () => {
      const registry = (flags.registry ?? env.DOCKER_REGISTRY ?? "").replace(/\/+$/, "");
      if (registry !== "") return registry;
      throw new HadronError(
        "WRONG_USE",
        "A cluster pulls its images from a registry: say which with --registry or DOCKER_REGISTRY, e.g. --registry=ghcr.io/your-team.",
      );
    },
  };
}
