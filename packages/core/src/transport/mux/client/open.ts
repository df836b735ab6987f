import { createSystemClock } from "../../../clock/system-clock.ts";
import { HadronError } from "../../../errors.ts";
import type { Transport } from "../../transport.ts";
import { openSocketPipe, type SocketAddress } from "../link/socket-pipe.ts";
import { ClientConnection } from "./connection.ts";

/** Calls over sockets, at `unix:/path` and `tcp:HOST:PORT`. An address of another form is INTERNAL: a runner's defect. */
export function createMuxTransport(clock = createSystemClock()): Transport {
  return {
    connect: (address, options) => new ClientConnection(openSocketPipe(parseAddress(address), clock), address, options),
  };
}

/** Parses `unix:/path` and `tcp:HOST:PORT`; a host with colons stands in brackets. */
function parseAddress(address: string): SocketAddress {
  if (address.startsWith("unix:")) return { path: address.slice(5) };
  const found = /^tcp:(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  if (found === null) {
    throw new HadronError("INTERNAL", `"${address}" is no address; expected unix:/path or tcp:HOST:PORT.`);
  }
  return { host: found[1] ?? found[2]!, port: Number(found[3]) };
}
