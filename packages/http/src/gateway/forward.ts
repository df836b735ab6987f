import { beginWithin, type CallTarget, isStream, type WebAnswer, type WebRequest } from "@hadron/core/spi";
import type { Answer } from "../answer/answer.ts";
import { HttpAnswer } from "../answer/http-answer.ts";
import { toAnswer } from "../answer/to-answer.ts";
import type { ResolvedHttpOptions } from "../handle/options.ts";
import type { Arrived } from "../request/arrived.ts";
import type { Found } from "../request/found.ts";
import { toInput } from "./input.ts";

/** What is said of an address beside where it leads. */
export interface ForwardOptions {
  readonly maxBodyBytes: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly status: number | undefined;
}

/** Answers a request with what a procedure gives: a service of routes gets it whole, any other its input. */
export async function forward(
  target: CallTarget,
  options: ForwardOptions,
  found: Found,
  app: ResolvedHttpOptions,
): Promise<Answer> {
  if (options.timeoutMs !== undefined) beginWithin(options.timeoutMs);
  if (target.takesWeb) return toForwarded(await target.call(toWebInput(found.arrived)));
  try {
    const input = await toInput(found, options.maxBodyBytes ?? app.maxBodyBytes);
    return await toAnswer(await target.call(input), options.status);
  } catch (thrown) {
    if (thrown instanceof HttpAnswer) return toAnswer(thrown);
    throw thrown;
  }
}

function toWebInput(arrived: Arrived): WebRequest | AsyncIterable<WebRequest | Uint8Array> {
  const { method, url, rawHeaders: headers, address, secure, upgrade, chunks } = arrived;
  const head: WebRequest = { method, url, headers, secure, upgrade, ...(address === undefined ? {} : { address }) };
  return chunks === undefined ? head : withBody(head, chunks());
}

async function* withBody(head: WebRequest, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<WebRequest | Uint8Array> {
  yield head;
  yield* chunks;
}

/** The answer of a service of routes, as it gave it. */
async function toForwarded(output: unknown): Promise<Answer> {
  if (!isStream(output)) {
    const { status, headers, body } = output as WebAnswer;
    return { status, headers: [...headers], body };
  }
  const items = output[Symbol.asyncIterator]() as AsyncIterator<WebAnswer | string | Uint8Array>;
  const first = await items.next();
  const { status, headers } = first.value as WebAnswer;
  return {
    status,
    headers: [...headers],
    body: { [Symbol.asyncIterator]: () => items as AsyncIterator<string | Uint8Array> },
  };
}
