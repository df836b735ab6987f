import { createHttpTransport } from "../transport/json-rpc/client/connection.ts";
import { createMuxTransport } from "../transport/mux/index.ts";
import type { Transport } from "../transport/transport.ts";

/** The transports of a process that is no replica: by the scheme of an address. */
export function createOutsideTransports(): Readonly<Record<string, Transport>> {
  const mux = createMuxTransport();
  const http = createHttpTransport();
  return { unix: mux, tcp: mux, http, https: http, "http+unix": http };
}
