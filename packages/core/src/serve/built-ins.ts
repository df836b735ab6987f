import type { BuiltIns, Health } from "../describe/built-in.ts";

/** Who answers them. */
export interface BuiltInOptions {
  readonly discover: () => unknown;
  readonly health: () => Health;
  /** In the Prometheus text format. */
  readonly metrics: () => string;
}

/** The answers of one replica to what every replica can be asked, by name. */
export function createBuiltIns({ discover, health, metrics }: BuiltInOptions): ReadonlyMap<string, () => unknown> {
  const handlers: Readonly<Record<keyof BuiltIns, () => unknown>> = {
    "hadron.discover": discover,
    "hadron.health": health,
    "hadron.metrics": metrics,
  };
  return new Map(Object.entries(handlers));
}
