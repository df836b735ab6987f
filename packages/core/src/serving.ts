/** What a runner needs to put a door of its own before replicas: the same server and the same calling side as theirs. */

export { DnsDirectory } from "./call/directory/dns-directory.ts";
export { createHost, type Host } from "./call/host/host.ts";
export { Arrivals, asOf, looksAtArrivals } from "./serve/outside/arrivals.ts";
export { healthRoutes } from "./serve/server/routes.ts";
export { createServer, type Door, type DoorOptions, type Server, type ServerOptions } from "./serve/server/server.ts";
export type { Certificate, FindCertificate } from "./serve/tls/certificate.ts";
export { TlsDoor } from "./serve/tls/tls-door.ts";
export type { Route } from "./transport/http/route.ts";
export { createMuxTransport } from "./transport/mux/index.ts";
export { replyWith } from "./transport/pump.ts";
