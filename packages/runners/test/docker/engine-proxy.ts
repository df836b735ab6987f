import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Stands before the engine, and tells of each request that changes something. */
export interface EngineProxy extends AsyncDisposable {
  /** For `DOCKER_HOST`. */
  readonly address: string;
}

/**
 * `changing` hears of each POST, PUT and DELETE before the engine does, by the request's first line; where it says
 * "drop", the engine never hears of it, and the connection stays silent.
 */
export async function startEngineProxy(
  socketPath: string,
  changing: (requestLine: string) => "pass" | "drop",
): Promise<EngineProxy> {
  const folder = await mkdtemp(join(tmpdir(), "hadron-proxy-"));
  const path = join(folder, "docker.sock");
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const engine = connect(socketPath);
    let dropped = false;
    for (const socket of [client, engine]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
    // A request's head begins a chunk: whoever sends it waits for the answer of the one before.
    client.on("data", (chunk) => {
      const line = /^(?:POST|PUT|DELETE) \S+/.exec(chunk.toString("latin1", 0, 300))?.[0];
      if (line !== undefined && changing(line) === "drop") dropped = true;
      if (!dropped) engine.write(chunk);
    });
    client.on("close", () => engine.destroy());
    engine.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    address: `unix://${path}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
