/** Cuts a text that comes in pieces into lines, without their ends. */
export class LineSplitter {
  #rest = "";

  /** What has come of a line that has not ended. */
  get rest(): string {
    return this.#rest;
  }

  /** The lines that end in this piece. */
  push(piece: string): readonly string[] {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines;
  }

  /** The last line, where the text ended without an end of line, or undefined; begins anew. */
  end(): string | undefined {
    const rest = this.#rest;
    this.#rest = "";
    return rest === "" ? undefined : rest;
  }
}

/** The lines of a stream of text; the last one also where it has no end. */
export async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  const splitter = new LineSplitter();
  for await (const piece of stream.setEncoding("utf8")) yield* splitter.push(String(piece));
  const last = splitter.end();
  if (last !== undefined) yield last;
}

/** The values of a stream of JSON, one a line; empty lines are passed over. */
export async function* jsonLinesOf<T>(stream: NodeJS.ReadableStream): AsyncGenerator<T> {
  for await (const line of linesOf(stream)) if (line.trim() !== "") yield JSON.parse(line);
}
