import { HadronError, type Schema } from "@hadron/core";
import { beginWithin, describeIssues } from "@hadron/core/spi";
import type { Answer } from "../answer/answer.ts";
import { HttpAnswer } from "../answer/http-answer.ts";
import { toAnswer } from "../answer/to-answer.ts";
import type { Arrived } from "../request/arrived.ts";
import { type ReadBody, readAll, readParsed } from "../request/body.ts";
import { toQueryLists } from "../request/fields.ts";
import type { Found } from "../request/found.ts";
import { IncomingRequest } from "../request/incoming.ts";
import type { Route } from "../routes/types.ts";
import { type Soon, toSoon, whenThere } from "../soon.ts";
import type { ResolvedHttpOptions } from "./options.ts";

/** Runs a route's handler: reads and checks what it asks for, and makes an answer of what it returns or throws. */
export function runRoute(route: Route<any>, found: Found, app: ResolvedHttpOptions): Soon<Answer> {
  if (route.options.timeoutMs !== undefined) beginWithin(route.options.timeoutMs);
  try {
    const answer = answerBy(route, found, app);
    return answer instanceof Promise ? answer.catch(toThrownAnswer) : answer;
  } catch (thrown) {
    return toThrownAnswer(thrown);
  }
}

function answerBy(route: Route<any>, found: Found, app: ResolvedHttpOptions): Soon<Answer> {
  const { options } = route;
  const { arrived, query } = found;
  const checksBody = options.input !== undefined || options.body !== undefined;
  // Nothing is read, and nothing checked: what most routes are.
  if (arrived.chunks === undefined && !checksBody && options.query === undefined) {
    return runHandler(route, found, undefined, undefined);
  }
  const runWith = (body: ReadBody | undefined): Soon<Answer> =>
    options.query === undefined
      ? runHandler(route, found, body, undefined)
      : whenThere(check(options.query, toQueryLists(query), "INVALID_INPUT", "The query"), (asked) =>
          runHandler(route, found, body, asked),
        );
  const read = readBody(options, arrived, options.maxBodyBytes ?? app.maxBodyBytes);
  return whenThere(read, (body) => whenThere(checkBody(options.input, body), runWith));
}

function runHandler(
  { handler, options }: Route<any>,
  { arrived, params, query, context }: Found,
  body: ReadBody | undefined,
  asked: unknown,
): Soon<Answer> {
  const output = toSoon(handler(new IncomingRequest(arrived, params, query, context, body, asked)));
  if (output instanceof Promise) return output.then((value) => toChecked(options, value));
  return toChecked(options, output);
}

function toChecked({ output: schema, status }: Route["options"], output: unknown): Soon<Answer> {
  if (schema === undefined || output instanceof HttpAnswer || output instanceof Response) {
    return toAnswer(output, status);
  }
  const checked = check(schema, output, "INVALID_OUTPUT", "What the route returned");
  return whenThere(checked, (value) => toAnswer(value, status));
}

/** What is thrown may be the answer. */
function toThrownAnswer(thrown: unknown): Soon<Answer> {
  if (thrown instanceof HttpAnswer || thrown instanceof Response) return toAnswer(thrown);
  throw thrown;
}

function readBody(options: Route["options"], arrived: Arrived, maxBytes: number): Soon<ReadBody | undefined> {
  const { body = "parsed", input } = options;
  if (body === "parsed") return readParsed(arrived, { maxBytes, checked: input !== undefined });
  if (body === "stream") return { bytes: new Uint8Array(), value: arrived.chunks?.() ?? nothing() };
  return whenThere(readAll(arrived, maxBytes), (bytes) => ({ bytes, value: bytes }));
}

function checkBody(schema: Schema | undefined, read: ReadBody | undefined): Soon<ReadBody | undefined> {
  if (schema === undefined) return read;
  return whenThere(check(schema, read?.value, "INVALID_INPUT", "The body"), (value) =>
    read === undefined ? (value === undefined ? undefined : { bytes: new Uint8Array(), value }) : { ...read, value },
  );
}

function check(schema: Schema, value: unknown, code: "INVALID_INPUT" | "INVALID_OUTPUT", what: string): Soon<unknown> {
  return whenThere(toSoon(schema["~standard"].validate(value)), (result) => {
    if (result.issues === undefined) return result.value;
    throw new HadronError(code, `${what} does not fit: ${describeIssues(result.issues)}.`);
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
