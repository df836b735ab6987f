import { connect, type Socket } from "node:net";
import type { IngressSettings } from "../names/ingress-form.ts";
import type { Passing } from "./passing.ts";

/** Passes connections on to a replica, whatever is said on them. The engine's DNS spreads them. */
export function passBytes({ service }: IngressSettings, port: number): Passing {
  const sockets = new Set<Socket>();
  let empty: (() => void) | undefined;
  const take = (outside: Socket) => {
    outside.allowHalfOpen = true;
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
      socket.once("close", () => {
        sockets.delete(socket);
        if (sockets.size === 0) empty?.();
      });
    }
  };
  return {
    take,
    drain: (withinMs) =>
      new Promise((resolve) => {
        setTimeout(resolve, withinMs).unref();
        empty = resolve;
        if (sockets.size === 0) resolve();
      }),
  };
}
