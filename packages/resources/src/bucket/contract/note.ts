/** A small text that is kept beside the objects. */
export interface Note {
  /** undefined: none was written yet. */
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}
