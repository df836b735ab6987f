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

/** What is looked at of a request. */
interface Asked {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Turns an answer into 304 where the client has what its `etag` names: RFC 9110, section 13.1.2. */
export function answerNotModified(answer: Answer, asked: Asked): void {
  const { method } = asked;
  if (answer.status !== 200 || (method !== "GET" && method !== "HEAD")) return;
  const tag = headerOf(answer.headers, "etag");
  // What was asked is looked at last: most answers have no tag, and who reads a header reads all.
  if (tag === undefined) return;
  const noneMatch = asked.headers["if-none-match"];
  if (noneMatch === undefined || !matchesTag(noneMatch, tag)) return;
  answer.status = 304;
  answer.body = undefined;
  answer.headers = answer.headers.filter((_, at, all) => KEPT.has(all[at - (at % 2)] as string));
}
