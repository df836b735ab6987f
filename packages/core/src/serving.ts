/** What a runner needs to put a door of its own before replicas: the same fronts and the same calling side as theirs. */

export { DnsDirectory } from "./call/directory/dns-directory.ts";
export { createHost, type Host } from "./call/host/host.ts";
export { listen } from "./transport/http/listen.ts";
export { createHttpFront } from "./transport/json-rpc/server/http-front.ts";
export { acceptMux, createMuxTransport, type MuxServerConnection } from "./transport/mux/index.ts";
export { replyWith } from "./transport/pump.ts";
