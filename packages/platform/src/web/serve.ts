import { HadronError } from "@hadron/core";
import type { WebAnswer } from "@hadron/core/spi";
import type { Around, Guests } from "../guests/guests.ts";
import type { Registry } from "../kept/registry.ts";
import { toWebAnswer } from "./guest-answer.ts";
import { toGuestHeaders, toGuestVariables } from "./guest-request.ts";
import type { CameIn } from "./request.ts";

/** Answers a request by filters, and then by what is plugged at its path. */
export async function serve(
  request: CameIn,
  { registry, guests, around }: { readonly registry: Registry; readonly guests: Guests; readonly around: Around },
): Promise<WebAnswer> {
  let came = request;
  for (const [, { name, start, data }] of registry.all("filter/")) {
    const bound = { data, params: {} };
    const result = await guests.call(
      { name, start, input: came.body, headers: toGuestHeaders(came, bound), env: toGuestVariables(came, bound) },
      around,
    );
    if (result.result !== 0 && (result.status !== undefined || result.bytes.length > 0)) {
      return toWebAnswer(name, "", result);
    }
    // What a filter says that has not answered is what comes next to the guests behind it: rewriting, who it is.
    came = { ...came, headers: { ...came.headers, ...Object.fromEntries(result.headers) } };
  }
  const found = await registry.findRoute(came.method, came.segments);
  if (found.kind === "nothing") return nothing(found.allow);
  const { route, params } = found;
  if (route.kind === "file") return sendFile(registry, route.name, came);
  const bound = { data: route.data, params };
  const result = await guests.call(
    {
      name: route.name,
      start: route.start,
      input: came.body,
      headers: toGuestHeaders(came, bound),
      env: toGuestVariables(came, bound),
    },
    around,
  );
  const answer = toWebAnswer(route.name, route.start, result);
  return came.method === "HEAD" ? behead(answer) : answer;
}

async function sendFile(registry: Registry, name: string, { method, headers }: CameIn): Promise<WebAnswer> {
  const digest = registry.resolve(name);
  const etag = `"${digest}"`;
  const contentType = registry.known("blob/", digest)?.contentType ?? "application/octet-stream";
  const said = ["content-type", contentType, "etag", etag, "x-content-type-options", "nosniff"];
  if (headers["if-none-match"]?.split(/\s*,\s*/).includes(etag)) return { status: 304, headers: ["etag", etag] };
  const answer = { status: 200, headers: said, body: await registry.bytes(digest) };
  return method === "HEAD" ? behead(answer) : answer;
}

function nothing(allow: readonly string[]): WebAnswer {
  if (allow.length === 0) throw new HadronError("NOT_FOUND", "Nothing is at this path.");
  return { status: 405, headers: ["allow", allow.join(", "), "content-type", "text/plain"], body: "Another method." };
}

function behead({ status, headers, body = "" }: WebAnswer): WebAnswer {
  return { status, headers: [...headers, "content-length", String(Buffer.byteLength(body))] };
}
