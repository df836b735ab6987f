import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address } from "@hadron/core";
import { listenAt } from "../../shared/listen-at.ts";
import type { Engine } from "../engine/client.ts";
import { readFrames } from "../engine/frames.ts";

/** A socket on this machine that leads to a port in a container, through the engine alone. */
export interface Tunnel extends AsyncDisposable {
  /** As in a directory: `unix:/path`. */
  readonly address: string;
}

/** Runs in the container: joins what the engine gives it with the port. */
const BRIDGE = `const s = require("node:net").connect(+process.argv[1], process.argv[2]);
process.stdin.pipe(s); s.pipe(process.stdout);
s.on("error", () => process.exit(1)); s.on("close", () => process.exit(0));`;

/**
 * Opens a way to a container of an engine that is not on this machine. Each connection is a process in the container
 * (about 40 MB while it lives), which is why it is the last resort; calls are multiplexed, so there is one a replica.
 */
export function openTunnel(engine: Engine, containerId: string, port: number): Tunnel {
  const folder = process.platform === "win32" ? undefined : mkdtempSync(join(tmpdir(), "hadron-tunnel-"));
  const path =
    folder === undefined ? `\\\\.\\pipe\\hadron-${containerId.slice(0, 12)}-${process.pid}` : join(folder, "t.sock");
  const { server, close } = createBridges(engine, containerId, { host: "127.0.0.1", port });
  server.listen(path);
  return {
    address: `unix:${path}`,
    async [Symbol.asyncDispose]() {
      await close();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port on this machine that leads to one on the network of a container, through the engine alone. */
export interface PortTunnel extends AsyncDisposable {
  readonly port: number;
}

/**
 * Opens a way to whatever a container can reach, for those who speak a protocol of their own. The container has Node: it is one
 * of ours, not the image that is meant.
 */
export async function openPortTunnel(engine: Engine, containerId: string, to: Address): Promise<PortTunnel> {
  const { server, close } = createBridges(engine, containerId, to);
  return { port: await listenAt(server, "127.0.0.1", 0), [Symbol.asyncDispose]: close };
}

function createBridges(
  engine: Engine,
  containerId: string,
  to: Address,
): { server: Server; close: () => Promise<void> } {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A connection that cannot be made ends, as one that breaks: the caller looks for another replica.
    socket.on("error", () => socket.destroy());
    bridge(engine, containerId, to, socket).catch(() => socket.destroy());
  });
  server.unref();
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { server, close };
}

async function bridge(engine: Engine, containerId: string, { host, port }: Address, local: Socket): Promise<void> {
  local.pause();
  const command = {
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: false,
    Tty: false,
    Cmd: ["node", "-e", BRIDGE, String(port), host],
  };
  const { Id } = await engine.post<{ Id: string }>(`/containers/${containerId}/exec`, { body: command });
  const { socket: remote, head } = await engine.hijack(`/exec/${Id}/start`, { body: { Detach: false, Tty: false } });
  remote.on("error", () => local.destroy());
  local.once("close", () => remote.destroy());
  local.pipe(remote);
  if (head.length > 0) remote.unshift(head);
  for await (const { data } of readFrames(remote)) {
    if (!local.write(data)) await new Promise((resolve) => local.once("drain", resolve).once("close", resolve));
  }
  local.end();
}
