import { isStream, type WebAnswer, type WebOutput } from "@hadron/core/spi";
import type { Answer, Chunks } from "./answer.ts";
import { toEvents } from "./events.ts";
import { HttpAnswer } from "./http-answer.ts";
import { fromResponse } from "./response.ts";

/** Turns what a handler returned into an answer: see `RouteHandler`. */
export function toAnswer(value: unknown, status = 200): Answer | Promise<Answer> {
  if (value === undefined) return { status: 204, headers: [], body: undefined };
  if (typeof value !== "object" || value === null || isPlain(value)) return toJson(value, status);
  if (value instanceof HttpAnswer) return { status: value.status, headers: [...value.headers], body: value.body };
  const bytes = toBytes(value);
  if (bytes !== undefined) return { status, headers: ["content-type", "application/octet-stream"], body: bytes };
  if (value instanceof Response) return fromResponse(value);
  if (value instanceof Blob) {
    const type = value.type === "" ? "application/octet-stream" : value.type;
    return { status, headers: ["content-type", type, "content-length", String(value.size)], body: value.stream() };
  }
  if (!isStream(value)) return toJson(value, status);
  return toEvents(value).then((body) => ({
    status,
    headers: ["content-type", "text/event-stream", "cache-control", "no-cache"],
    body,
  }));
}

/** An answer as the procedure's output. */
export function toOutput(answer: Answer): WebOutput {
  const { status, headers, body } = answer;
  if (body === undefined) return { status, headers };
  return typeof body === "string" || body instanceof Uint8Array
    ? (answer as WebAnswer)
    : withHead({ status, headers }, body);
}

async function* withHead(head: WebAnswer, body: Chunks): AsyncGenerator<WebAnswer | string | Uint8Array> {
  yield head;
  yield* body;
}

/** What is no more than its properties, or items: data, as nearly all that routes return. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === Array.prototype) && !isStream(value);
}

function toJson(value: unknown, status: number): Answer {
  const body = JSON.stringify(value);
  if (body === undefined) throw new TypeError(`A route returned a ${typeof value}, which is no JSON.`);
  return { status, headers: ["content-type", "application/json"], body };
}

function toBytes(value: object): Uint8Array | Chunks | undefined {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value instanceof ReadableStream) return value;
  // A stream of Node: bytes, though it can be iterated as events can.
  return isStream(value) && "pipe" in value ? (value as Chunks) : undefined;
}
