import { setHeader } from "../answer/answer.ts";
import { addVary } from "../answer/compress.ts";
import type { CorsOptions } from "./options.ts";

type Fields = Readonly<Record<string, string | undefined>>;

/** The headers that answer a browser's question whether a page may ask; undefined where it is no such question. */
export function answerPreflight(cors: CorsOptions, headers: Fields, allow: readonly string[]): string[] | undefined {
  if (headers["access-control-request-method"] === undefined || headers.origin === undefined) return undefined;
  const answer: string[] = [];
  addCors(cors, headers, answer);
  addVary(answer, "access-control-request-headers");
  if (allows(cors, headers.origin)) {
    const asked = cors.headers?.join(", ") ?? headers["access-control-request-headers"];
    answer.push(
      "access-control-allow-methods",
      allow.join(", "),
      "access-control-max-age",
      String(cors.maxAgeSeconds ?? 600),
    );
    if (asked !== undefined) answer.push("access-control-allow-headers", asked);
  }
  return answer;
}

/** Says of an answer which page may read it. */
export function addCors(cors: CorsOptions, { origin }: Fields, answer: string[]): void {
  if (cors.origins !== "*") addVary(answer, "origin");
  if (origin === undefined || !allows(cors, origin)) return;
  setHeader(answer, "access-control-allow-origin", cors.origins === "*" ? "*" : origin);
  if (cors.credentials === true) setHeader(answer, "access-control-allow-credentials", "true");
  if (cors.exposedHeaders !== undefined)
    setHeader(answer, "access-control-expose-headers", cors.exposedHeaders.join(", "));
}

function allows({ origins }: CorsOptions, origin: string): boolean {
  return origins === "*" || origins.includes(origin);
}
