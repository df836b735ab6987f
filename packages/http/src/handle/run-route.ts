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
import type { ResolvedHttpOptions } from "./options.ts";

/** Runs a route's handler: reads and checks what it asks for, and makes an answer of what it returns or throws. */
export async function runRoute(
  { handler, options }: Route<any>,
  found: Found,
  app: ResolvedHttpOptions,
): Promise<Answer> {
  const { arrived, params, query, context } = found;
  if (options.timeoutMs !== undefined) beginWithin(options.timeoutMs);
  try {
    const read = await readBody(options, arrived, options.maxBodyBytes ?? app.maxBodyBytes);
    const value =
      options.input === undefined ? read?.value : await check(options.input, read?.value, "INVALID_INPUT", "The body");
    const asked =
      options.query === undefined
        ? undefined
        : await check(options.query, toQueryLists(query), "INVALID_INPUT", "The query");
    const body =
      read === undefined ? (value === undefined ? undefined : { bytes: new Uint8Array(), value }) : { ...read, value };
    const output = await handler(new IncomingRequest(arrived, params, query, context, body, asked));
    return toAnswer(await checkOutput(options.output, output), options.status);
  } catch (thrown) {
    if (thrown instanceof HttpAnswer || thrown instanceof Response) return toAnswer(thrown);
    throw thrown;
  }
}

async function readBody(options: Route["options"], arrived: Arrived, maxBytes: number): Promise<ReadBody | undefined> {
  const { body = "parsed", input } = options;
  if (body === "parsed") return readParsed(arrived, { maxBytes, checked: input !== undefined });
  if (body === "stream") return { bytes: new Uint8Array(), value: arrived.chunks?.() ?? nothing() };
  const bytes = await readAll(arrived, maxBytes);
  return { bytes, value: bytes };
}

async function checkOutput(schema: Schema | undefined, output: unknown): Promise<unknown> {
  if (schema === undefined || output instanceof HttpAnswer || output instanceof Response) return output;
  return check(schema, output, "INVALID_OUTPUT", "What the route returned");
}

async function check(
  schema: Schema,
  value: unknown,
  code: "INVALID_INPUT" | "INVALID_OUTPUT",
  what: string,
): Promise<unknown> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  throw new HadronError(code, `${what} does not fit: ${describeIssues(result.issues)}.`);
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
