import type { ServiceTopology } from "@hadron/core/spi";

/** What a service declares, and what all replicas have unless it declares another: as packages are in production, on every runner. */
export function declaredEnvironment({ env }: Pick<ServiceTopology, "env">): Readonly<Record<string, string>> {
  return { ...env, NODE_ENV: env.NODE_ENV ?? "production" };
}
