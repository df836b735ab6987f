/** Calls between replicas over sockets: `hadron/1`, see `frames.ts`. */
// Brings its declarations along wherever this is compiled from.
import "./frames/buffers.ts";

export { isUpgradeRefused } from "./client/handshake.ts";
export { createMuxTransport } from "./client/open.ts";
export { MOST_BUFFERED_BYTES } from "./link/outbox.ts";
export { MOST_ANNOUNCED_BYTES, type MuxServerConnection } from "./server/connection.ts";
export { acceptMux, wantsMux } from "./server/open.ts";
