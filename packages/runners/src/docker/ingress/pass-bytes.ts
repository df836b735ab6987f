import { connect, createServer, type Socket } from "node:net";
import type { Door } from "./door.ts";
import type { IngressSettings } from "./settings.ts";

/** Passes connections on to a replica, whatever is said on them. The engine's DNS spreads them. */
export async function passBytes({ service, listen }: IngressSettings, port: number): Promise<Door> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (outside) => {
    const inside = connect({ host: service, port, allowHalfOpen: true });
    for (const [socket, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.pipe(other);
      // Where one side breaks, the other has nobody to talk to.
      socket.once("error", () => other.destroy());
      socket.once("close", () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(listen, "0.0.0.0", resolve));
  return {
    drain: (withinMs) =>
      new Promise((resolve) => {
        setTimeout(resolve, withinMs).unref();
        server.close(() => resolve());
      }),
  };
}
