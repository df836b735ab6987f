/** A whole HTTP response, as far as we need it. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Whether the connection ends with it. */
  readonly closes: boolean;
  /** How long the other side keeps the connection, if it says so. */
  readonly keepAliveSeconds: number | undefined;
}

/** Takes a body piece by piece. Throws an Error where that cannot go on. */
export type PieceTaker = (piece: Buffer) => void;

const MAX_HEAD_BYTES = 64 * 1024;

/**
 * Parses responses of HTTP/1.1 (RFC 9112) from one connection: a length that is said, chunks, or until the end.
 *
 * Own code, because a client costs more than a server: what a general one does for a call takes longer than the call. A
 * program that calls through `connect(url)` makes half as many calls again, or more, as over the barest `node:http`, at six
 * tenths of the processor time a call, both sides (`bench/local/connect.bench.ts`); undici 8 does no better than `node:http`.
 */
export class ResponseParser {
  readonly #maxBodyBytes: number;
  #buffer: Buffer = EMPTY;
  #head: Head | undefined;
  /** The last head, and its text: answers of a second are mostly alike in it, and comparing costs less than parsing. */
  #lastHead: Head | undefined;
  #lastText = "";
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  /** Bytes left of the current chunk; -1: its size line comes next; -2: trailers come. */
  #chunkLeft = -1;
  readonly #begin: ((headers: ReadonlyMap<string, string>) => PieceTaker | undefined) | undefined;
  #taker: PieceTaker | undefined;

  /** @param begin Told of each response's headers. What it returns takes the body; else that is collected. */
  constructor(maxBodyBytes: number, begin?: (headers: ReadonlyMap<string, string>) => PieceTaker | undefined) {
    this.#maxBodyBytes = maxBodyBytes;
    this.#begin = begin;
  }

  /** Whether part of a response is here. */
  get begun(): boolean {
    return this.#head !== undefined || this.#buffer.length > 0;
  }

  /** Takes what came; returns the response once it is whole. Throws an Error, with what is wrong, on anything else. */
  push(chunk: Buffer): HttpResponse | undefined {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    while (this.#head === undefined) {
      const end = this.#buffer.indexOf("\r\n\r\n");
      if (end < 0) {
        if (this.#buffer.length > MAX_HEAD_BYTES) throw new Error("the response's headers never end");
        return undefined;
      }
      const text = this.#buffer.latin1Slice(0, end);
      const head: Head = this.#lastHead !== undefined && text === this.#lastText ? this.#lastHead : parseHead(text);
      this.#lastHead = head;
      this.#lastText = text;
      this.#buffer = this.#buffer.subarray(end + 4);
      // 1xx are remarks; the answer is still to come.
      if (head.status < 200) continue;
      this.#head = head;
      // One of known length comes whole.
      if (head.mode !== "length") this.#taker = this.#begin?.(head.headers);
    }
    const { mode, length } = this.#head;
    if (mode === "chunked") return this.#takeChunks();
    if (mode === "end") return this.#collect();
    if (length > this.#maxBodyBytes)
      throw new Error(`the response has ${length} bytes, and ${this.#maxBodyBytes} are accepted`);
    if (this.#chunks.length > 0 || this.#buffer.length < length) {
      // A large body comes in many pieces: they are joined once, not at each.
      if (this.#buffer.length > 0) {
        this.#chunks.push(this.#buffer);
        this.#chunkBytes += this.#buffer.length;
        this.#buffer = EMPTY;
      }
      if (this.#chunkBytes < length) return undefined;
      const all = Buffer.concat(this.#chunks);
      this.#buffer = all.subarray(length);
      return this.#finish(all.subarray(0, length));
    }
    if (this.#buffer.length === length) {
      const body = this.#buffer;
      this.#buffer = EMPTY;
      return this.#finish(body);
    }
    const body = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return this.#finish(body);
  }

  /** The connection ended. Returns the response that this completes, if it does. */
  end(): HttpResponse | undefined {
    return this.#head?.mode === "end" ? this.#finish(Buffer.concat(this.#chunks)) : undefined;
  }

  #collect(): undefined {
    this.#add(this.#buffer);
    this.#buffer = EMPTY;
  }

  #takeChunks(): HttpResponse | undefined {
    for (;;) {
      if (this.#chunkLeft < 0) {
        const end = this.#buffer.indexOf("\r\n");
        if (end < 0) return undefined;
        const line = this.#buffer.toString("latin1", 0, end);
        this.#buffer = this.#buffer.subarray(end + 2);
        if (this.#chunkLeft === -2) {
          if (line === "") return this.#finish(Buffer.concat(this.#chunks));
          continue;
        }
        if (!/^[0-9a-f]{1,8}\s*(?:;|$)/i.test(line)) throw new Error("a chunk of the response has no size");
        this.#chunkLeft = Number.parseInt(line, 16);
        if (this.#chunkLeft === 0) {
          this.#chunkLeft = -2;
          continue;
        }
      }
      if (this.#buffer.length < this.#chunkLeft + 2) return undefined;
      this.#add(this.#buffer.subarray(0, this.#chunkLeft));
      this.#buffer = this.#buffer.subarray(this.#chunkLeft + 2);
      this.#chunkLeft = -1;
    }
  }

  #add(piece: Buffer): void {
    if (this.#taker !== undefined) {
      this.#taker(piece);
      return;
    }
    this.#chunkBytes += piece.length;
    if (this.#chunkBytes > this.#maxBodyBytes)
      throw new Error(`the response has over ${this.#maxBodyBytes} bytes, the most that is accepted`);
    this.#chunks.push(piece);
  }

  #finish(body: Buffer): HttpResponse {
    const { status, headers, closes, keepAliveSeconds } = this.#head!;
    this.#head = undefined;
    this.#taker = undefined;
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#chunkLeft = -1;
    return { status, headers, body, closes, keepAliveSeconds };
  }
}

const EMPTY: Buffer = Buffer.alloc(0);

interface Head extends Omit<HttpResponse, "body"> {
  readonly length: number;
  readonly mode: "length" | "chunked" | "end";
}

function parseHead(text: string): Head {
  const lines = text.split("\r\n");
  const match = /^HTTP\/1\.[01] (\d{3})/.exec(lines[0]!);
  if (match === null) throw new Error("it does not speak HTTP/1.1");
  const headers = new Map<string, string>();
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index]!;
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const status = Number(match[1]);
  const said = headers.get("content-length");
  const bare = status === 204 || status === 304;
  const mode = /\bchunked\b/i.test(headers.get("transfer-encoding") ?? "")
    ? "chunked"
    : said === undefined && !bare
      ? "end"
      : "length";
  const length = bare ? 0 : Number(said ?? 0);
  if (!Number.isInteger(length) || length < 0) throw new Error(`its content-length is "${said}"`);
  const closes = /close/i.test(headers.get("connection") ?? "");
  const seconds = /timeout=(\d+)/.exec(headers.get("keep-alive") ?? "")?.[1];
  return {
    status,
    headers,
    length,
    mode,
    closes,
    keepAliveSeconds: seconds === undefined ? undefined : Number(seconds),
  };
}
