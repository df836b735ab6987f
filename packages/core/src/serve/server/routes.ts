import type { IncomingMessage, ServerResponse } from "node:http";
import { refuse, sendText } from "../../transport/http/answers.ts";
import { readBody } from "../../transport/http/body.ts";
import type { Route } from "../../transport/http/route.ts";

const MOST_COUNTS_BYTES = 1024 * 1024;

/** What probes ask: whether it is alive, and whether calls may come. */
export function healthRoutes(isReady: () => boolean): readonly Route[] {
  return [
    { method: "GET", path: "/healthz", handle: (_, response) => sendText(response, 200, "live\n") },
    {
      method: "GET",
      path: "/readyz",
      handle: (_, response) =>
        isReady() ? sendText(response, 200, "ready\n") : sendText(response, 503, "not ready\n"),
    },
  ];
}

/** What a collector asks, in the Prometheus text format. Never at an exposed address. */
export function metricsRoute(toText: () => string): Route {
  return {
    method: "GET",
    path: "/metrics",
    handle: (_, response) => sendText(response, 200, toText(), "text/plain; version=0.0.4; charset=utf-8"),
  };
}

/** Takes new counts of replicas, where the runner sends them. Never at an exposed address. */
export function countsRoute(take: (counts: Record<string, number>) => void): Route {
  return { method: "POST", path: "/counts", handle: (request, response) => takeCounts(take, request, response) };
}

function takeCounts(
  take: (counts: Record<string, number>) => void,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  readBody(request, MOST_COUNTS_BYTES, undefined, (_, body) => {
    let parsed: unknown;
    try {
      parsed = JSON.parse(body ?? "");
    } catch {
      return refuse(response, 400, "The body is not JSON.");
    }
    const bad = Object.entries(parsed as object).find(([, count]) => !Number.isInteger(count) || count < 0);
    if (bad !== undefined) return refuse(response, 400, `The count of "${bad[0]}" is no whole number.`);
    take(parsed as Record<string, number>);
    sendText(response, 200, "ok\n");
  });
}
