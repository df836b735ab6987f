import type { Route } from "../../http/route.ts";
import type { HttpTimes } from "../../http/server.ts";
import { KeepAlive } from "./keep-alive.ts";
import { type Answering, takePost } from "./request.ts";

const SILENCE_MS = 15_000;

const EXAMPLE = JSON.stringify({ jsonrpc: "2.0", method: "rpc.discover", id: 1 });

/** JSON-RPC 2.0 by POST to `/`. */
export function createRpcRoute(answering: Omit<Answering, "keepAlive">, times: HttpTimes = {}): Route {
  const { dispatcher, exposed, discover, reading, closing } = answering;
  const keepAlive = new KeepAlive(times.silenceMs ?? SILENCE_MS, dispatcher.clock);
  const whole: Answering = { dispatcher, exposed, discover, reading, closing, keepAlive };
  return {
    method: "POST",
    path: "/",
    hint: `Send POST with a JSON-RPC 2.0 body, such as ${EXAMPLE}.`,
    handle: (request, response) => takePost(whole, request, response),
  };
}
