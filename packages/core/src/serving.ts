/** What a runner needs to put a door of its own before replicas: the same fronts and the same calling side as theirs. */
export { createHost, type Host } from "./call/host.ts";
export { DnsDirectory } from "./run/dns-directory.ts";
export { createHttpFront } from "./serve/http-front.ts";
export { listen } from "./serve/listen.ts";
export { acceptMux, createMuxTransport, type MuxServerConnection } from "./transport/mux/index.ts";
export { replyWith } from "./transport/pump.ts";
