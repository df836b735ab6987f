import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

export interface ProxyFaults {
  /** After so many bytes from caller to callee, both sides are cut. */
  cutUpAfter?: number;
  /** After so many bytes from callee to caller, both sides are cut. */
  cutDownAfter?: number;
  /** Each write carries one byte. */
  split?: boolean;
  /** Changes bytes on their way to the caller. */
  corrupt?: (chunk: Buffer, at: number) => Buffer;
}

/** A TCP proxy of one address that makes faults. */
export class FaultyProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  faults: ProxyFaults;
  #frozen = false;

  private constructor(target: string, faults: ProxyFaults) {
    this.faults = faults;
    this.#server = createServer((near) => {
      const [, host, port] = target.split(":");
      const far = connect(target.startsWith("unix:") ? { path: target.slice(5) } : { host, port: Number(port) });
      this.#join(near, far, "cutUpAfter");
      this.#join(far, near, "cutDownAfter");
    });
  }

  static async create(target: string, faults: ProxyFaults = {}): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target, faults);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get address(): string {
    return `tcp:127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Nothing passes any more, and nobody is told: a half-open connection. */
  freeze(): void {
    this.#frozen = true;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(from: Socket, to: Socket, which: "cutUpAfter" | "cutDownAfter"): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    let passed = 0;
    from.on("error", () => {});
    from.on("data", (bytes: Buffer) => {
      if (this.#frozen) return;
      let chunk = bytes;
      if (which === "cutDownAfter" && this.faults.corrupt !== undefined) chunk = this.faults.corrupt(chunk, passed);
      const left = (this.faults[which] ?? Number.POSITIVE_INFINITY) - passed;
      const part = chunk.subarray(0, left);
      passed += part.length;
      if (this.faults.split) for (let i = 0; i < part.length; i++) to.write(part.subarray(i, i + 1));
      else to.write(part);
      if (part.length < chunk.length || left === part.length) {
        to.end();
        from.destroy();
      }
    });
    from.on("close", () => {
      this.#sockets.delete(from);
      if (!this.#frozen) to.end();
    });
  }
}
