/** What the door says to a program, beside the connections. */
export type ToProgram =
  | { readonly type: "connection" }
  /** No more connections come. */
  | { readonly type: "drain"; readonly withinMs: number };

/** What a program says to its door. */
export interface FromProgram {
  readonly type: "ready";
}
