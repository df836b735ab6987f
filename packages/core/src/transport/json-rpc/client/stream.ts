/** Cuts what comes into lines, and reads each as JSON (https://jsonlines.org). */
export class JsonLines {
  readonly #most: number;
  readonly #take: (message: unknown, bytes: number) => void;
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** @param most Bytes of one line that are accepted. */
  constructor(most: number, take: (message: unknown, bytes: number) => void) {
    this.#most = most;
    this.#take = take;
  }

  /** Throws an Error, with what is wrong, for a line that is no JSON or too long, and whatever the taker throws. */
  push(piece: Buffer): void {
    let at = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, at)) {
      this.#add(piece.subarray(at, end));
      this.#line();
      at = end + 1;
    }
    if (at < piece.length) this.#add(piece.subarray(at));
  }

  /** The last line may lack its end. */
  end(): void {
    if (this.#bytes > 0) this.#line();
  }

  #add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#most) throw new Error(`a line has over ${this.#most} bytes, the most that is accepted`);
    // What comes is the socket's, and may be overwritten.
    this.#pieces.push(Buffer.from(piece));
  }

  #line(): void {
    const bytes = this.#bytes;
    const text = (this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces)).toString("utf8");
    this.#pieces = [];
    this.#bytes = 0;
    if (text.trim() !== "") this.#take(JSON.parse(text), bytes);
  }
}
