import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Dispatcher } from "../../transport.ts";
import { type Headers, HeadReader } from "../handshake/head.ts";
import type { Pipe } from "../link/pipe.ts";
import { acceptSocketPipe } from "../link/socket-pipe.ts";
import { type MuxServerConnection, ServerConnection } from "./connection.ts";
import { judge } from "./handshake.ts";

/** Whether a request to an HTTP server asks for this protocol; an `upgrade` that does not is somebody else's. */
export function wantsMux(requestHeaders: Headers): boolean {
  const upgrade = requestHeaders.upgrade;
  return typeof upgrade === "string" && upgrade.toLowerCase() === "hadron";
}

/**
 * Takes over a socket on which an HTTP server got `Upgrade: hadron`. Undefined where the caller was refused: it wanted
 * another replica, or speaks another version; it has been told so, and the socket ends by itself.
 *
 * @example
 * server.on("upgrade", (request, socket, head) => acceptMux(socket, head, request.headers, dispatcher));
 */
export function acceptMux(
  socket: Duplex,
  head: Buffer,
  requestHeaders: Headers,
  dispatcher: Dispatcher,
): MuxServerConnection | undefined {
  const net = socket as Socket;
  const pipe = acceptSocketPipe(net, net instanceof Socket && net.remoteAddress !== undefined, dispatcher.clock);
  const { answer, caller, connection: name } = judge(requestHeaders, dispatcher);
  pipe.write([answer]);
  if (caller === undefined) {
    pipe.read({ data: () => {}, drained: () => {}, ended: () => {} });
    pipe.end();
    return undefined;
  }
  const connection = new ServerConnection(pipe, caller, name, dispatcher);
  pipe.read(connection);
  if (head.length > 0) connection.data(head);
  return connection;
}

/**
 * Serves a pipe from its first byte, handshake included. `accepted` is told of a caller that is welcome.
 */
export function acceptPipe(
  pipe: Pipe,
  dispatcher: Dispatcher,
  accepted: (connection: MuxServerConnection) => void,
): void {
  const reader = new HeadReader();
  let connection: ServerConnection | undefined;
  let refused = false;
  pipe.read({
    data(chunk) {
      if (connection !== undefined) return connection.data(chunk);
      if (refused) return;
      try {
        const read = reader.push(chunk);
        if (read === undefined) return;
        const { answer, caller, connection: name } = judge(read.head.headers, dispatcher);
        pipe.write([answer]);
        if (caller === undefined) {
          refused = true;
          return pipe.end();
        }
        connection = new ServerConnection(pipe, caller, name, dispatcher);
        accepted(connection);
        if (read.rest.length > 0) connection.data(read.rest);
      } catch (error) {
        // A head without an end.
        if (!(error instanceof RangeError)) throw error;
        pipe.destroy();
      }
    },
    drained() {
      connection?.drained();
    },
    ended(error) {
      connection?.ended(error);
    },
  });
}
