import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex, Stream } from "node:stream";
import { HadronError } from "../../../errors.ts";
import { baggageFromOutside } from "../../../scope/credentials.ts";
import type { Route } from "../../http/route.ts";
import type { HttpTimes } from "../../http/server.ts";
import type { Dispatcher, Reply } from "../../transport.ts";
import type { WebRequest } from "../message.ts";
import { type Sending, WebReply } from "./answer.ts";
import { BodyRequest, type BodyWait, hasBody, headOf } from "./request.ts";
import { asksForWebSocket, UpgradedRequest, UpgradeReply } from "./upgrade.ts";

const BODY_SILENCE_MS = 30_000;

/** The longest time that a call can be given. Whoever answers knows what takes how long: a stream of events has no end. */
const LONGEST_MS = 2 ** 31 - 1;

/** Whoever answers HTTP. */
export interface WebAnswering {
  readonly dispatcher: Dispatcher;
  /** The procedure whose inputs are requests. */
  readonly procedure: string;
  /** @default everywhere */
  readonly paths?: readonly string[] | undefined;
  /** Whether connections are to end with their next answer. */
  readonly closing: () => boolean;
  /** Told of an answer that is on its way out still, as of one that its client takes slowly. */
  readonly leaving: (response: ServerResponse) => void;
}

/** Every request at every path, or at those below some, as a call of a procedure whose input is the request. */
export function createWebRoutes(answering: WebAnswering, times: HttpTimes = {}): readonly Route[] {
  const { dispatcher, procedure, paths = ["/*"], closing, leaving } = answering;
  const waiting: BodyWait = { clock: dispatcher.clock, silenceMs: times.bodySilenceMs ?? BODY_SILENCE_MS };
  const sending: Sending = { closing, leaving };
  const dispatch = (
    request: IncomingMessage,
    input: WebRequest,
    connection: Stream,
    reply: Reply & { over: boolean },
  ) => {
    const { traceparent, baggage } = request.headers;
    const scope = dispatcher.dispatch(
      {
        procedure,
        input,
        timeoutMs: LONGEST_MS,
        trace: typeof traceparent === "string" ? traceparent : undefined,
        // Its filters see the headers themselves, and what shows who somebody is goes no further.
        meta: baggageFromOutside(baggage),
        caller: undefined,
        callId: undefined,
      },
      reply,
    );
    // Most have been answered by now, and nobody needs to listen for a caller that goes away.
    if (reply.over) return;
    connection.once("close", () => {
      if (!reply.over) scope.cancel(new HadronError("CANCELLED", "The caller went away."));
    });
  };
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    if (!hasBody(request)) {
      dispatch(request, headOf(request), response, new WebReply(request, response, sending));
      return;
    }
    // Most bodies come along with their head, and are read from the same bytes right behind it: then nobody waits for them.
    const body = new BodyRequest(request, response, waiting);
    const reply = new WebReply(request, response, sending, body);
    return Promise.resolve().then(() => dispatch(request, body, response, reply));
  };
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    dispatch(request, new UpgradedRequest(request, socket, head), socket, new UpgradeReply(request, socket));
  return paths.map((path) => ({ method: "*", path, continues: true, handle, upgrade, upgrades: asksForWebSocket }));
}
