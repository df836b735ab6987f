import type { Incarnation } from "./incarnation.ts";

/** The process that callers know, and what follows from its end. */
export type Current =
  | { readonly kind: "none" }
  /** The first, as long as it is not ready: it is not started again. */
  | { readonly kind: "first"; readonly process: Incarnation }
  /** It is started again. */
  | { readonly kind: "kept"; readonly process: Incarnation }
  /** It has ended, and is started again later. */
  | { readonly kind: "dead"; readonly process: Incarnation; readonly cancelRestart: () => void }
  /** Nothing: its end is meant, so that another can take its place, or it has died too often. */
  | { readonly kind: "over"; readonly process: Incarnation };

export function processOf(current: Current): Incarnation | undefined {
  return current.kind === "none" ? undefined : current.process;
}
