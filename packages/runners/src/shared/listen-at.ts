import type { Server } from "node:net";

/** Calls that come faster than they are accepted wait here: when an app starts, its callers may come all at once. */
const BACKLOG = 2048;

/** Has a server listen, at a port that is free where `port` is 0. Returns the port; rejects with the system's error. */
export async function listenAt(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: BACKLOG }, resolve);
  });
  server.removeAllListeners("error");
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : port;
}
