import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acceptMux, type MuxServerConnection } from "../../../src/transport/mux/index.ts";
import type { Dispatcher } from "../../../src/transport/transport.ts";

export interface MuxListener {
  readonly address: string;
  readonly server: Server;
  readonly connections: ReadonlySet<MuxServerConnection>;
  goaway(): void;
  close(): Promise<void>;
}

/** An HTTP server whose upgrades go to a dispatcher: the least of what a replica is. */
export async function listenMux(
  dispatcher: Dispatcher,
  kind: "unix" | "tcp",
  host = "127.0.0.1",
): Promise<MuxListener> {
  const folder = kind === "unix" ? mkdtempSync(join(tmpdir(), "hadron-mux-")) : undefined;
  const path = folder === undefined ? "" : join(folder, "s");
  const connections = new Set<MuxServerConnection>();
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket, head) => {
    const connection = acceptMux(socket, head, request.headers, dispatcher);
    if (connection === undefined) return;
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
  });
  await new Promise<void>((resolve) => {
    if (kind === "unix") server.listen(path, resolve);
    else server.listen(0, host, resolve);
  });
  return {
    address:
      kind === "unix"
        ? `unix:${path}`
        : `tcp:${host.includes(":") ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
    server,
    connections,
    goaway: () => {
      for (const connection of connections) connection.goaway();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
