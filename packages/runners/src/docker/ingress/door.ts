/** Where outside callers come in. */
export interface Door {
  /** Takes no more, and resolves when what was taken is answered, or after so long. */
  drain(withinMs: number): Promise<void>;
}
