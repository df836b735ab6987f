/** Calls between replicas over sockets: `hadron/1`, see `frames.ts`. */
// Brings its declarations along wherever this is compiled from.
import "./buffers.ts";

export { acceptMux, wantsMux } from "./accept.ts";
export { isUpgradeRefused } from "./handshake.ts";
export { createMuxTransport } from "./mux-transport.ts";
export { MOST_BUFFERED_BYTES } from "./outbox.ts";
export { MOST_ANNOUNCED_BYTES, type MuxServerConnection } from "./server-connection.ts";
