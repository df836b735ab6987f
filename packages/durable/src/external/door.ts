import { type Context, HadronError } from "@hadron/core";
import { toJsonText, type WebAnswer } from "@hadron/core/spi";
import type { StoreClient } from "@hadron/resources/store";
import { type DoorRoute, jsonAnswer, nothingHere } from "../door/door.ts";
import { type DoorRequest, toJsonBody } from "../door/request.ts";
import { fromLogged, toLogged } from "../log/values.ts";
import { type Claimed, Claims } from "./claims.ts";
import { checkName, queueOf } from "./work.ts";

/** So long whoever asks for work waits for it at most. */
const WAIT_MS = 30_000;

/** `POST /external/NAME/claim` and `/external/claims/CLAIM/extend|complete|fail`. */
export function createExternalDoor(store: () => StoreClient): DoorRoute {
  return async (request, context) => {
    const claims = new Claims(store());
    const [, first = "", second = "", action, ...more] = request.path;
    if (more.length > 0) throw nothingHere();
    if (action === undefined && second === "claim") return take(claims, toName(first), request, context);
    if (first !== "claims") throw nothingHere();
    return answer(claims, fromClaim(second), action, request);
  };
}

async function take(claims: Claims, name: string, request: DoorRequest, { signal }: Context): Promise<WebAnswer> {
  const { waitMs = WAIT_MS } = toObject(request);
  if (typeof waitMs !== "number" || !(waitMs >= 0)) throw bad("waitMs should be a number of milliseconds");
  const given = await claims.take(name, Math.min(waitMs, WAIT_MS), signal);
  if (given === undefined) return { status: 204, headers: [] };
  const { claimed, work } = given;
  const { key, leaseMs, input } = work;
  const told = { claim: toClaim(name, claimed), input: fromLogged(input), key, attempt: claimed.attempt, leaseMs };
  return { status: 200, headers: ["content-type", "application/json"], body: toJsonText(told, "the work") };
}

async function answer(
  claims: Claims,
  claimed: Claimed,
  action: string | undefined,
  request: DoorRequest,
): Promise<WebAnswer> {
  switch (action) {
    case "extend":
      return jsonAnswer(await claims.extend(claimed));
    case "complete":
      await claims.complete(claimed, toLogged(toJsonBody(request), "the output"));
      return jsonAnswer({ completed: true });
    case "fail": {
      const { message = "It failed.", retry = true } = toObject(request);
      return jsonAnswer(await claims.fail(claimed, String(message), retry !== false));
    }
    default:
      throw nothingHere();
  }
}

/** Names one claim of one piece of work. */
function toClaim(name: string, { message, attempt }: Claimed): string {
  return `${name}.${message}.${attempt}`;
}

function fromClaim(text: string): Claimed {
  const [, name = "", message, attempt] = /^([a-z0-9-]+)\.(\d{1,15})\.(\d{1,9})$/.exec(text) ?? [];
  if (message === undefined) throw nothingHere();
  return { queue: queueOf(toName(name)), message: Number(message), attempt: Number(attempt) };
}

function toName(text: string): string {
  try {
    return checkName(text);
  } catch {
    throw nothingHere();
  }
}

function toObject(request: DoorRequest): Readonly<Record<string, unknown>> {
  const value = toJsonBody(request) ?? {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad("the body should be an object");
  return value as Record<string, unknown>;
}

function bad(what: string): HadronError {
  return new HadronError("INVALID_INPUT", `${what}.`);
}
