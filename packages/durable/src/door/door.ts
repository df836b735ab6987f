import { type Context, HadronError, type Handler, isHadronError, procedure } from "@hadron/core";
import { toErrorData, toProblem, type WebAnswer, type WebInput, type WebOutput } from "@hadron/core/spi";
import { type DoorRequest, readRequest } from "./request.ts";

/** What a door answers below one first segment of its path, e.g. `hooks`. */
export type DoorRoute = (request: DoorRequest, context: Context) => Promise<WebAnswer>;

/** The procedure by which outside callers come with plain requests of HTTP, beside JSON-RPC. */
export function createDoor(routes: Readonly<Record<string, DoorRoute>>): Handler {
  const paths = Object.keys(routes).map((name) => `/${name}/*`);
  const options = { face: { web: { paths } }, description: "Answers webhooks and outside workers." } as const;
  return procedure(options, async (input: WebInput, context: Context): Promise<WebOutput> => {
    try {
      const request = await readRequest(input);
      const route = Object.hasOwn(routes, request.path[0] ?? "") ? routes[request.path[0] ?? ""] : undefined;
      if (route === undefined) throw nothingHere();
      if (request.method !== "POST") return onlyPost();
      return await route(request, context);
    } catch (error) {
      if (error instanceof GoneError) return toProblem(toErrorData(error), 410);
      if (isHadronError(error)) return toProblem(toErrorData(error));
      throw error;
    }
  });
}

/** What was there, and is over: 410. */
export class GoneError extends HadronError {
  constructor(message: string, cause?: unknown) {
    super("FAILED_PRECONDITION", message, { cause });
  }
}

/** 404 that says nothing of what there is. */
export function nothingHere(): HadronError {
  return new HadronError("NOT_FOUND", "There is nothing here.");
}

/** An answer of JSON. */
export function jsonAnswer(value: unknown, status = 200): WebAnswer {
  return { status, headers: ["content-type", "application/json"], body: JSON.stringify(value) };
}

function onlyPost(): WebAnswer {
  const { headers, ...problem } = toProblem(toErrorData(new HadronError("INVALID_REQUEST", "Send it by POST.")), 405);
  return { ...problem, headers: [...headers, "allow", "POST"] };
}
