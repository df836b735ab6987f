const PROGRAM = Symbol.for("dev.hadron.durable.program");

/** The function that was given to `durable`. */
export type Program = (input: any) => unknown;

/** Says of what a pattern's root is made, for those who look at an app from outside of its replicas. */
export function withProgram<R extends object>(root: R, program: Program): R {
  return Object.assign(root, { [PROGRAM]: program });
}

/** The program of a pattern's root; undefined where that is none of a durable program. */
export function programOf(root: unknown): Program | undefined {
  return typeof root === "function" ? (root as { [PROGRAM]?: Program })[PROGRAM] : undefined;
}
