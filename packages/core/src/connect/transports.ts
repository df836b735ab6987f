import { createSystemClock } from "../clock/system-clock.ts";
import { createHttpTransport } from "../transport/json-rpc/client/connection.ts";
import { createMuxTransport } from "../transport/mux/index.ts";
import type { Transport } from "../transport/transport.ts";

/** The transports of a process that is no replica: by the scheme of an address. */
export function createOutsideTransports(clock = createSystemClock()): Readonly<Record<string, Transport>> {
  const mux = createMuxTransport(clock);
  const http = createHttpTransport(clock);
  return { unix: mux, tcp: mux, http, https: http, "http+unix": http };
}
