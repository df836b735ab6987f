import { readFileSync, unwatchFile, watchFile } from "node:fs";

const POLL_MS = 500;

/**
 * A file in which a runner says how many replicas run now. Polled, not watched: on volumes and mounted configuration
 * change events do not arrive, or only for a link beside the file.
 */
export class CountsFile implements Disposable {
  readonly #path: string;
  readonly #take: (counts: Record<string, number>) => void;

  constructor(path: string, take: (counts: Record<string, number>) => void) {
    this.#path = path;
    this.#take = take;
    this.#read();
    watchFile(path, { interval: POLL_MS, persistent: false }, () => this.#read());
  }

  #read(): void {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch {
      return; // Not there: nothing was scaled yet.
    }
    try {
      this.#take(JSON.parse(text));
    } catch {
      // Half written: the next look finds it whole.
    }
  }

  [Symbol.dispose](): void {
    unwatchFile(this.#path);
  }
}
