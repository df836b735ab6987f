import { createConnection, createServer, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** What the proxy does to the bytes that pass it. All of it may be changed while connections are open. */
export interface ProxyFaults {
  /** Each piece arrives so much later. @default 0 */
  delayMs: number;
  /** Pieces of this many bytes at most, each in a turn of its own: 1 splits at every byte. @default Infinity */
  pieceBytes: number;
  /** Nothing passes any more, either way, and nobody is told: a half-open connection. @default false */
  silent: boolean;
  /** What the callee sends is not taken from it: a peer that stops reading. @default false */
  stuffed: boolean;
  /** Ends the connection, one only, once so many bytes have passed towards the callee; the rest is lost. @default Infinity */
  cutAfterToCallee: number;
  /** The same towards the caller. @default Infinity */
  cutAfterToCaller: number;
  /** Each connection is cut so, and not the first alone. @default false */
  cutEach: boolean;
  /** Changes the bytes on their way to the caller. @default not at all */
  corrupt: ((bytes: Buffer) => Buffer) | undefined;
}

export interface FaultProxy extends AsyncDisposable {
  /** For a directory: `tcp:127.0.0.1:PORT`. */
  readonly address: string;
  readonly faults: ProxyFaults;
  /** Bytes that have passed on the last connection. */
  readonly passed: { toCallee: number; toCaller: number };
  /** Connections made so far. */
  readonly connections: number;
  /** Ends all connections, at once. */
  cut(): void;
  /** Sends connections elsewhere from now on: `tcp:HOST:PORT` or `unix:/path`. */
  pointTo(address: string): void;
}

/** A TCP proxy in front of a replica, that spoils what passes it. It reorders nothing: TCP does not, either. */
export async function startProxy(target: string): Promise<FaultProxy> {
  const faults: ProxyFaults = {
    delayMs: 0,
    pieceBytes: Number.POSITIVE_INFINITY,
    silent: false,
    stuffed: false,
    cutAfterToCallee: Number.POSITIVE_INFINITY,
    cutAfterToCaller: Number.POSITIVE_INFINITY,
    cutEach: false,
    corrupt: undefined,
  };
  const sockets = new Set<Socket>();
  let to = target;
  let connections = 0;
  let passed = { toCallee: 0, toCaller: 0 };

  const server: Server = createServer({ noDelay: true }, (caller) => {
    connections++;
    const callee = connectTo(to);
    const mine = { toCallee: 0, toCaller: 0 };
    passed = mine;
    const end = () => {
      caller.destroy();
      callee.destroy();
    };
    for (const socket of [caller, callee]) {
      sockets.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        sockets.delete(socket);
        if (!faults.silent) end();
      });
    }
    pump(caller, callee, "toCallee", mine, faults, end);
    pump(callee, caller, "toCaller", mine, faults, end);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as { port: number };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `tcp:127.0.0.1:${address.port}`,
    faults,
    get passed() {
      return passed;
    },
    get connections() {
      return connections;
    },
    cut,
    pointTo(address) {
      to = address;
    },
    async [Symbol.asyncDispose]() {
      faults.silent = false;
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function connectTo(address: string): Socket {
  if (address.startsWith("unix:")) return createConnection({ path: address.slice(5) });
  const [, host, port] = /^tcp:(.*):(\d+)$/.exec(address)!;
  return createConnection({ host: host!, port: Number(port), noDelay: true });
}

function pump(
  from: Socket,
  into: Socket,
  way: "toCallee" | "toCaller",
  passed: { toCallee: number; toCaller: number },
  faults: ProxyFaults,
  end: () => void,
): void {
  // In order, whatever each piece waits for.
  let last = Promise.resolve();
  const pass = (piece: Buffer) => {
    if (faults.silent || into.destroyed) return;
    const limit = way === "toCallee" ? faults.cutAfterToCallee : faults.cutAfterToCaller;
    const whole = piece.subarray(0, Math.max(0, limit - passed[way]));
    passed[way] += whole.length;
    const bytes = way === "toCaller" && faults.corrupt !== undefined ? faults.corrupt(whole) : whole;
    if (passed[way] < limit) into.write(bytes);
    // Written before the end: what was let through does arrive.
    else {
      // Once: the next connection is whole.
      if (!faults.cutEach && way === "toCallee") faults.cutAfterToCallee = Number.POSITIVE_INFINITY;
      if (!faults.cutEach && way === "toCaller") faults.cutAfterToCaller = Number.POSITIVE_INFINITY;
      into.end(bytes, end);
    }
  };
  from.on("data", (chunk: Buffer) => {
    if (way === "toCaller" && faults.stuffed) {
      from.pause();
      from.unshift(chunk);
      return;
    }
    const size = Math.min(chunk.length, faults.pieceBytes);
    for (let at = 0; at < chunk.length; at += size) {
      const piece = chunk.subarray(at, at + size);
      if (faults.delayMs === 0 && size === chunk.length) pass(piece);
      else {
        // A long line, and not a narrow one: what waits in it waits at the same time.
        const delayed = pause(faults.delayMs);
        last = last.then(() => (faults.delayMs === 0 ? pause(0) : delayed)).then(() => pass(piece));
      }
    }
  });
  from.on("end", () => last.then(() => into.end()));
}
