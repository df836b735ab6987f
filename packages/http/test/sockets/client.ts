import { WebSocket } from "ws";

/** A client of the library `ws`, as it is: what it hears, one after the other. */
export class Client {
  readonly socket: WebSocket;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #heard: unknown[] = [];
  #wake: (() => void) | undefined;

  constructor(url: string, options: { readonly headers?: Record<string, string>; readonly protocols?: string[] } = {}) {
    this.socket = new WebSocket(url.replace(/^http/, "ws"), options.protocols ?? [], { headers: options.headers });
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.socket.on("error", () => {});
    this.socket.on("message", (data, binary) => {
      this.#heard.push(binary ? data : JSON.parse(data.toString()));
      this.#wake?.();
    });
  }

  /** Resolves when it is open; rejects with the status where the server says no. */
  open(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.socket.once("open", () => resolve(this));
      this.socket.once("unexpected-response", (_, response) => {
        response.resume();
        reject(new Error(String(response.statusCode)));
      });
      this.socket.once("error", reject);
    });
  }

  say(message: unknown): void {
    this.socket.send(message instanceof Uint8Array ? message : JSON.stringify(message));
  }

  /** The next that it hears. */
  async next(): Promise<any> {
    while (this.#heard.length === 0) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const closed = await Promise.race([woken, this.closed]);
      if (closed !== undefined && this.#heard.length === 0) throw new Error(`closed: ${closed.code} ${closed.reason}`);
    }
    return this.#heard.shift();
  }
}

export function open(url: string, options?: ConstructorParameters<typeof Client>[1]): Promise<Client> {
  return new Client(url, options).open();
}
