import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** What a server answers at one path. */
export interface Route {
  /** Upper case; a route for GET answers HEAD as well. `*`: whatever the method, wherever no other route is. */
  readonly method: string;
  /** A path such as `/healthz`, without a query. One that ends in `/*` takes what is below it, unless another fits better. */
  readonly path: string;
  /** Answers the request, now or later. What it throws, or rejects with, is answered with status 500. */
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
  /** Takes a connection over that asks for another protocol, such as a WebSocket. @default it is refused */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Whether it takes this one over; where not, the request is one of HTTP like any other. @default it takes all */
  upgrades?(request: IncomingMessage): boolean;
  /** It asks for the body itself, where a caller waits for that (`Expect: 100-continue`). @default the server does, at once */
  readonly continues?: true;
  /** What whoever comes with another method is told. @default the methods that there are */
  readonly hint?: string;
}

/** Finds the route of a request. */
export class Router {
  readonly #exact = new Map<string, Route[]>();
  /** By prefix; the longest first. */
  readonly #below: (readonly [prefix: string, routes: Route[]])[];

  constructor(routes: readonly Route[]) {
    const below = new Map<string, Route[]>();
    for (const route of routes) {
      const [table, key] = route.path.endsWith("/*") ? [below, route.path.slice(0, -1)] : [this.#exact, route.path];
      const there = table.get(key);
      if (there === undefined) table.set(key, [route]);
      else there.push(route);
    }
    this.#below = [...below].sort(([a], [b]) => b.length - a.length);
  }

  /** All routes at the path of a URL, whatever their method. */
  at(url: string): readonly Route[] {
    const query = url.indexOf("?");
    const path = query < 0 ? url : url.slice(0, query);
    // `OPTIONS *`, and what a caller says to a proxy: of no path, so whoever takes all has it.
    if (!path.startsWith("/")) return this.#below.find(([prefix]) => prefix === "/")?.[1] ?? [];
    return this.#exact.get(path) ?? this.#below.find(([prefix]) => path.startsWith(prefix))?.[1] ?? [];
  }
}

/** Picks the route of a method, out of those at one path. */
export function routeFor(routes: readonly Route[], method: string): Route | undefined {
  for (const route of routes) if (route.method === method) return route;
  const get = method === "HEAD" ? routes.find((route) => route.method === "GET") : undefined;
  return get ?? routes.find((route) => route.method === "*");
}
