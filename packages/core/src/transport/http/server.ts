import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { refuse } from "./answers.ts";
import { type Route, Router, routeFor } from "./route.ts";

// Not imported: an import reads every export of the module, and one of those loads Node's fetch, which is 13 MB and
// half of the CPU time of each replica's start.
const { createServer } = process.getBuiltinModule("node:http");

/** How long what may be waited for. */
export interface HttpTimes {
  /** How long a peer may take to send its headers; one that sends nothing is let go. @default 20 000 */
  readonly headersMs?: number;
  /** The longest silence of a stream of server-sent events. @default 15 000 */
  readonly silenceMs?: number;
  /** The longest silence of the sender of a body that a procedure reads. @default 30 000 */
  readonly bodySilenceMs?: number;
}

const HEADERS_MS = 20_000;

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  /** Whether a connection that asks for another protocol gets it; where not, the request is one of HTTP like any other. */
  readonly upgrades: (request: IncomingMessage, route: Route | undefined) => boolean;
  /** Takes over a connection that asks for another protocol; `route` is the one at that path that has an `upgrade`. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer, route: Route | undefined) => void;
  /** Told of each request before its route is. */
  readonly began: (route: Route, response: ServerResponse) => void;
  /** Told of a route that threw. */
  readonly failed: (route: Route, error: unknown) => void;
  readonly times?: HttpTimes | undefined;
}

/** An HTTP server that knows routes and nothing else. It listens nowhere yet. */
export function createHttpServer({ routes, upgrades, upgrade, began, failed, times }: HttpServerOptions): Server {
  const router = new Router(routes);
  const fail = (route: Route, response: ServerResponse, error: unknown) => {
    failed(route, error);
    refuseFailed(response);
  };
  const upgradeRoute = (request: IncomingMessage) =>
    router.at(request.url ?? "/").find((route) => route.upgrade !== undefined && (route.upgrades?.(request) ?? true));
  const headersMs = times?.headersMs ?? HEADERS_MS;
  const handle = (request: IncomingMessage, response: ServerResponse, waits: boolean) => {
    const there = router.at(request.url ?? "/");
    const route = routeFor(there, request.method ?? "GET");
    if (route === undefined) {
      refuseMethod(there, response);
      return;
    }
    began(route, response);
    if (waits && route.continues !== true) response.writeContinue();
    try {
      route.handle(request, response)?.catch((error: unknown) => fail(route, response, error));
    } catch (error) {
      fail(route, response, error);
    }
  };
  const server = createServer(
    // Node looks for late headers every 30 s unless told otherwise.
    {
      headersTimeout: headersMs,
      connectionsCheckingInterval: headersMs / 4,
      keepAliveTimeout: 75_000,
      noDelay: true,
      shouldUpgradeCallback: (request: IncomingMessage) => upgrades(request, upgradeRoute(request)),
      // What reads bodies for longer than Node's five minutes watches over its senders itself.
      ...(routes.some((route) => route.continues) ? { requestTimeout: 0 } : {}),
    },
    (request, response) => handle(request, response, false),
  );
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => handle(request, response, true));
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const route = upgradeRoute(request);
    // A Node before 24.9 does not ask whether it may.
    if (upgrades(request, route)) upgrade(request, socket, head, route);
    else socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  return server;
}

function refuseMethod(there: readonly Route[], response: ServerResponse): void {
  const [first] = there;
  if (first === undefined) return refuse(response, 404, "Nothing is here. Procedures are called by POST to /.");
  const allow = there.map((route) => route.method).join(", ");
  const hint = there.find((route) => route.hint !== undefined)?.hint;
  refuse(response, 405, hint ?? `Send ${allow}.`, { allow });
}

/** A route failed: its reason is not for whoever asked. */
function refuseFailed(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else refuse(response, 500, "The answer could not be made. The log of the replica says why.");
}
