import { matchesTag } from "@hadron/core/spi";
import { type Answer, headerOf } from "./answer.ts";

/** What a client that has it already need not be sent again. */
const KEPT = new Set([
  "cache-control",
  "content-location",
  "date",
  "etag",
  "expires",
  "last-modified",
  "set-cookie",
  "vary",
]);

/** Turns an answer into 304 where the client has what its `etag` names: RFC 9110, section 13.1.2. */
export function answerNotModified(answer: Answer, method: string, noneMatch: string | undefined): void {
  if (noneMatch === undefined || answer.status !== 200 || (method !== "GET" && method !== "HEAD")) return;
  const tag = headerOf(answer.headers, "etag");
  if (tag === undefined || !matchesTag(noneMatch, tag)) return;
  answer.status = 304;
  answer.body = undefined;
  answer.headers = answer.headers.filter((_, at, all) => KEPT.has(all[at - (at % 2)] as string));
}
