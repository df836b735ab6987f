import type { Context } from "@hadron/core";
import { toErrorData, toProblem } from "@hadron/core/spi";
import type { Answer } from "../answer/answer.ts";
import { HttpAnswer } from "../answer/http-answer.ts";
import { fromResponse, toResponse } from "../answer/response.ts";
import { toAnswer } from "../answer/to-answer.ts";
import type { Arrived } from "../request/arrived.ts";
import { fromRequest, toRequest } from "../request/web-request.ts";
import type { Filter } from "../routes/types.ts";
import type { Soon } from "../soon.ts";

/** What is behind the filters. */
export type Inner = (arrived: Arrived) => Soon<Answer>;

/** Errors behind answers that were made of them: where nobody changed the answer, the call fails with the error, and is counted so. */
const ERRORS = new WeakMap<Response, unknown>();

/** Runs a request through filters, the first outermost. */
export async function runFilters(
  filters: readonly Filter[],
  arrived: Arrived,
  context: Context,
  inner: Inner,
): Promise<Answer> {
  if (filters.length === 0) return inner(arrived);
  let upgraded: Answer | undefined;
  const response = await pass(filters, 0, arrived, context, async (passed) => {
    const answer = await inner(passed);
    if (answer.status !== 101) return answer;
    // The web's `Response` cannot say so.
    upgraded = answer;
    return { status: 204, headers: [], body: undefined };
  });
  if (ERRORS.has(response)) throw ERRORS.get(response);
  const answer = await fromResponse(response);
  if (upgraded === undefined || answer.status !== 204) return answer;
  return { ...upgraded, headers: [...upgraded.headers, ...answer.headers] };
}

async function pass(
  filters: readonly Filter[],
  at: number,
  arrived: Arrived,
  context: Context,
  inner: Inner,
): Promise<Response> {
  const filter = filters[at];
  if (filter === undefined) return answered(inner, arrived);
  const request = toRequest(arrived, context.signal);
  const next = (changed?: Request) => {
    if (changed === undefined && request.bodyUsed) {
      throw new TypeError(
        "A filter read the body and called next() without it: read request.clone(), or give next() a Request.",
      );
    }
    const other = changed === undefined || changed === request ? arrived : fromRequest(changed, arrived);
    return pass(filters, at + 1, other, context, inner);
  };
  const result: unknown = await filter(request, next);
  if (result instanceof Response) return result;
  if (result instanceof HttpAnswer) return toResponse(await toAnswer(result));
  throw new TypeError(
    `A filter returned ${result === undefined ? "nothing" : typeof result}: return next(), or an answer.`,
  );
}

/** What is behind never rejects for a filter: an error is an answer to it, as it is to the client. */
async function answered(inner: Inner, arrived: Arrived): Promise<Response> {
  try {
    return toResponse(await inner(arrived));
  } catch (error) {
    const problem = toProblem(toErrorData(error));
    const response = toResponse({ ...problem, headers: [...problem.headers], body: problem.body });
    ERRORS.set(response, error);
    return response;
  }
}
