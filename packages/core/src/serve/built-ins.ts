import type { BuiltIns, Health, Trace } from "../describe/built-in.ts";

/** Who answers them. */
export interface BuiltInOptions {
  readonly discover: () => unknown;
  readonly health: () => Health;
  /** In the Prometheus text format. */
  readonly metrics: () => string;
  readonly trace: (options: unknown) => Trace;
}

/** Answers one call of a built-in procedure. */
export type BuiltInHandler = (input: unknown) => unknown;

/** The answers of one replica to what every replica can be asked, by name. */
export function createBuiltIns({
  discover,
  health,
  metrics,
  trace,
}: BuiltInOptions): ReadonlyMap<string, BuiltInHandler> {
  const handlers: Readonly<Record<keyof BuiltIns, BuiltInHandler>> = {
    "hadron.discover": discover,
    "hadron.health": health,
    "hadron.metrics": metrics,
    "hadron.trace": trace,
  };
  return new Map(Object.entries(handlers));
}
