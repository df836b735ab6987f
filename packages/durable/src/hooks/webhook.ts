import { HadronError, isHadronError } from "@hadron/core";
import { type DoorRoute, GoneError, jsonAnswer, nothingHere } from "../door/door.ts";
import { type DoorRequest, saysJson, toJsonBody } from "../door/request.ts";
import { isGenuine, readToken } from "../log/token.ts";
import { toLogged } from "../log/values.ts";
import type { Runs } from "../owner/runs.ts";

/** What a hook receives of a webhook whose body is no JSON. */
export interface WebhookBody {
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A body of 1 MiB, and its headers. */
const MOST_BYTES = 2 * 1024 * 1024;
const MOST_KEY_CHARACTERS = 256;

/**
 * `POST /hooks/TOKEN`: a message for a hook. It is answered once that is stored: 200, or 404 for what is no token, 410 where the
 * run is over. A second one of the same `Idempotency-Key` is none.
 */
export function createWebhooks(runs: () => Runs): DoorRoute {
  return async (request) => {
    const [, token = "", ...more] = request.path;
    const place = readToken(token);
    if (place === undefined || more.length > 0) throw nothingHere();
    const secret = await runs().secretOf(place.id);
    if (secret === undefined || !isGenuine(secret, token)) throw nothingHere();
    const { id, hook } = place;
    const value = toLogged(toValue(request), `the message for ${hook}`, MOST_BYTES);
    try {
      return jsonAnswer(await runs().tell(id, { kind: "send", hook, value }, toKey(hook, request)));
    } catch (error) {
      if (isHadronError(error) && error.code === "FAILED_PRECONDITION") throw new GoneError("The run is over.", error);
      throw error;
    }
  };
}

function toValue(request: DoorRequest): unknown {
  if (saysJson(request)) return toJsonBody(request);
  const { headers, body } = request;
  return { headers, body } satisfies WebhookBody;
}

/** Callers' keys are apart from what the run is told otherwise. */
function toKey(hook: string, { headers }: DoorRequest): string | undefined {
  const key = headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (key.length > MOST_KEY_CHARACTERS) {
    throw new HadronError("INVALID_INPUT", `Idempotency-Key has more than ${MOST_KEY_CHARACTERS} characters.`);
  }
  return `webhook ${hook} ${key}`;
}
