import type { Context } from "@hadron/core";
import { beginWithin, giveTime, type WebOutput } from "@hadron/core/spi";
import { type Answer, headerOf } from "../answer/answer.ts";
import { compress, isWorthCompressing } from "../answer/compress.ts";
import { answerNotModified } from "../answer/conditional.ts";
import { HttpAnswer, problem } from "../answer/http-answer.ts";
import { toAnswer, toOutput } from "../answer/to-answer.ts";
import { sendFile } from "../files/send-file.ts";
import { type Arrived, arrive } from "../request/arrived.ts";
import type { Found } from "../request/found.ts";
import { toRequest } from "../request/web-request.ts";
import type { Match, Matcher } from "../routes/matcher.ts";
import { readTarget, type Target } from "../routes/path.ts";
import { METHODS } from "../routes/pattern.ts";
import type { SocketRoute } from "../routes/socket-types.ts";
import type { FetchHandler, FilesRoute, Filter, Route } from "../routes/types.ts";
import type { Sockets } from "../sockets/sockets.ts";
import { type Soon, toSoon, whenThere } from "../soon.ts";
import { addCors, answerPreflight } from "./cors.ts";
import { runFilters } from "./filters.ts";
import type { ResolvedHttpOptions } from "./options.ts";
import { runRoute } from "./run-route.ts";

/** What stands behind a key. */
export type Mounted =
  | Route<any>
  | SocketRoute<any>
  | FilesRoute
  | { readonly kind: "fetch"; readonly fetch: FetchHandler }
  | Forwarded;

/** What is passed on to who answers in its place. */
interface Forwarded {
  readonly kind: "forward";
  readonly before: readonly Filter[];
  readonly forward: (found: Found, app: ResolvedHttpOptions) => Promise<Answer>;
}

type Path = Extract<Target, { kind: "path" }>;

/** Answers requests of HTTP by routes. */
export class WebHandler {
  readonly #matcher: Matcher<Mounted>;
  readonly #options: ResolvedHttpOptions;
  readonly #sockets: Sockets;

  constructor(matcher: Matcher<Mounted>, options: ResolvedHttpOptions, sockets: Sockets) {
    this.#matcher = matcher;
    this.#options = options;
    this.#sockets = sockets;
  }

  /**
   * Answers one request. Throws, or rejects with, an error that whoever called makes an answer of, by its code. The whole way of a request is
   * made without a promise, up to who needs one: a filter, a body that is not there yet, a handler that waits for something.
   */
  handle(input: unknown, context: Context): Soon<WebOutput> {
    return whenThere(arrive(input), (arrived) => this.answer(arrived, context));
  }

  /** Answers a request of which the head has been read. */
  answer(came: Arrived, context: Context): Soon<WebOutput> {
    beginWithin(this.#options.timeoutMs);
    const arrived = this.#options.unwrap?.(came) ?? came;
    return whenThere(this.#answer(arrived, context), (answer) => this.#finish(answer, arrived));
  }

  #finish(answer: Answer, arrived: Arrived): Soon<WebOutput> {
    if (answer.status === 101) {
      // It lasts as long as both sides like.
      giveTime();
      return toOutput(answer);
    }
    const { cors } = this.#options;
    if (cors !== undefined) addCors(cors, arrived.headers, answer.headers);
    answerNotModified(answer, arrived);
    if (this.#options.compress && isWorthCompressing(answer)) {
      return compress(answer, arrived.headers["accept-encoding"]).then(() => toFinished(answer, arrived));
    }
    return toFinished(answer, arrived);
  }

  #answer(arrived: Arrived, context: Context): Soon<Answer> {
    const target = readTarget(arrived.url);
    switch (target.kind) {
      case "bad":
        return toAnswer(problem(400, target.why));
      case "elsewhere":
        return toAnswer(new HttpAnswer(308, ["location", target.location]));
      case "none":
        return toAnswer(new HttpAnswer(204, ["allow", METHODS.join(", ")]));
      case "path": {
        const { before } = this.#options;
        if (before.length === 0) return this.#route(arrived, target, context);
        const filters = before.filter(({ prefix }) => prefix.every((part, at) => target.segments[at] === part));
        return runFilters(
          filters.map(({ filter }) => filter),
          arrived,
          context,
          (passed) => this.#route(passed, passed.url === arrived.url ? target : readTarget(passed.url), context),
        );
      }
    }
  }

  #route(arrived: Arrived, target: Target, context: Context): Soon<Answer> {
    if (target.kind !== "path") return toAnswer(problem(400, "A filter asks for what is no path."));
    const match = this.#matcher.find(arrived.method, target.segments);
    if (match.kind !== "found") return this.#answerUnmatched(arrived, match);
    const { value, params, rest } = match;
    if (target.slash && !("*" in params)) return toAnswer(new HttpAnswer(308, ["location", withoutSlash(arrived.url)]));
    if (value.kind === "forward") {
      return runFilters(value.before, arrived, context, (passed) =>
        value.forward({ arrived: passed, params, query: target.query, context }, this.#options),
      );
    }
    if (value.kind === "route") return this.#run(value, arrived, target, params, context);
    if (value.kind === "socket") return this.#sockets.open(value, { arrived, params, query: target.query, context });
    if (value.kind === "files") return sendFile(value, rest, target.slash, arrived);
    return whenThere(toSoon(value.fetch(toRequest(arrived, context.signal))), (response) => toAnswer(response));
  }

  #run(
    route: Route<any>,
    arrived: Arrived,
    { query }: Path,
    params: Readonly<Record<string, string>>,
    context: Context,
  ): Soon<Answer> {
    const { before } = route.options;
    const run = (passed: Arrived) => runRoute(route, { arrived: passed, params, query, context }, this.#options);
    return before === undefined ? run(arrived) : runFilters(before, arrived, context, run);
  }

  #answerUnmatched(arrived: Arrived, match: Exclude<Match<Mounted>, { kind: "found" }>): Soon<Answer> {
    if (match.kind === "nothing") return toAnswer(problem(404, "Nothing is at this path."));
    const allow = match.allow.join(", ");
    if (arrived.method === "OPTIONS") {
      const { cors } = this.#options;
      const preflight = cors === undefined ? undefined : answerPreflight(cors, arrived.headers, match.allow);
      return { status: 204, headers: preflight ?? ["allow", allow], body: undefined };
    }
    const { status, headers, body } = problem(405, `Send ${allow}.`);
    return { status, headers: [...headers, "allow", allow], body };
  }
}

function toFinished(answer: Answer, arrived: Arrived): WebOutput {
  if (arrived.method === "HEAD") behead(answer);
  const output = toOutput(answer);
  // What has begun lasts as long as the client takes it.
  if (output !== answer && Symbol.asyncIterator in output) giveTime();
  return output;
}

/** Takes the body out of an answer, and says how long it would have been. */
function behead(answer: Answer): void {
  const { body, headers } = answer;
  if (body === undefined) return;
  if (typeof body === "string" || body instanceof Uint8Array) {
    if (headerOf(headers, "content-length") === undefined)
      headers.push("content-length", String(Buffer.byteLength(body)));
  } else {
    // Given up before it began: what it has open, such as a file, is closed.
    body[Symbol.asyncIterator]()
      .return?.()
      ?.catch(() => {});
  }
  answer.body = undefined;
}

function withoutSlash(url: string): string {
  const mark = url.indexOf("?");
  return mark < 0 ? url.slice(0, -1) : url.slice(0, mark - 1) + url.slice(mark);
}
