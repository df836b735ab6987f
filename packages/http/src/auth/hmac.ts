import { createHmac, timingSafeEqual } from "node:crypto";
import { HadronError } from "@hadron/core";
import type { Secret } from "@hadron/core/spi";
import { problem } from "../answer/http-answer.ts";
import type { Filter } from "../routes/types.ts";
import { usesOf } from "./kept.ts";

/** How somebody signs webhooks; `standard` is https://www.standardwebhooks.com. */
export type HmacForm = "github" | "stripe" | "slack" | "standard";

export interface HmacOptions {
  /** Who signs; or the header in which the digest of the body stands, as hexadecimal digits, with or without `sha256=` before it. */
  readonly as: HmacForm | { readonly header: string };
  /** How far the time that is signed along may be from ours; GitHub, and a header of its own, sign none. @default 300 000 */
  readonly windowMs?: number;
  /** Bytes of a body; more is 413. @default 1 048 576 */
  readonly maxBodyBytes?: number;
}

/** What is signed, and how. */
interface Signed {
  readonly text: string | undefined;
  readonly signatures: readonly Buffer[];
  /** In seconds since 1970; undefined: none is signed. */
  readonly at?: number;
}

type Read = (header: (name: string) => string) => Signed | undefined;

const hex = (text: string | undefined) => Buffer.from(/^[\da-f]+$/i.test(text ?? "") ? (text ?? "") : "", "hex");

const FORMS: Readonly<Record<HmacForm, Read>> = {
  github: (header) => ({ text: "", signatures: [hex(header("x-hub-signature-256").replace(/^sha256=/, ""))] }),
  stripe: (header) => {
    const fields = header("stripe-signature")
      .split(",")
      .map((field) => field.trim().split("=", 2));
    const time = fields.find(([name]) => name === "t")?.[1] ?? "";
    const signatures = fields.filter(([name]) => name === "v1").map(([, value]) => hex(value));
    return { text: `${time}.`, signatures, at: Number(time || Number.NaN) };
  },
  slack: (header) => {
    const time = header("x-slack-request-timestamp");
    return {
      text: `v0:${time}:`,
      signatures: [hex(header("x-slack-signature").replace(/^v0=/, ""))],
      at: Number(time || Number.NaN),
    };
  },
  standard: (header) => {
    const time = header("webhook-timestamp");
    const signatures = header("webhook-signature")
      .split(" ")
      .filter((signature) => signature.startsWith("v1,"))
      .map((signature) => Buffer.from(signature.slice(3), "base64"));
    return { text: `${header("webhook-id")}.${time}.`, signatures, at: Number(time || Number.NaN) };
  },
};

/**
 * A filter that lets webhooks pass whose body is signed with a secret: 401 otherwise. Several secrets in one, parted by spaces, are all good, so
 * that they can be changed.
 *
 * @example "POST /hooks/stripe": raw(({ body }) => handle(JSON.parse(String(body))), { before: [hmac(secret("STRIPE_HOOK"), { as: "stripe" })] })
 */
export function hmac(secret: Secret, { as, windowMs = 300_000, maxBodyBytes = 1024 * 1024 }: HmacOptions): Filter {
  const read: Read | undefined =
    typeof as === "string"
      ? FORMS[as]
      : (header) => ({ text: "", signatures: [hex(header(as.header).replace(/^sha256=/, ""))] });
  if (read === undefined)
    throw new HadronError(
      "INVALID_DECLARATION",
      `hmac: as is "${String(as)}", and should be ${Object.keys(FORMS).join(", ")}, or { header }.`,
    );
  const filter: Filter = async (request, next) => {
    const body = await readBytes(request, maxBodyBytes);
    const signed = read((name) => request.headers.get(name) ?? "");
    if (signed === undefined || !isSigned(signed, body, secret(), as === "standard"))
      return problem(401, "The body is not signed as it should be.");
    if (signed.at !== undefined && !(Math.abs(Date.now() - signed.at * 1000) <= windowMs))
      return problem(401, "The signature is of another time.");
    return next(
      new Request(request.url, { method: request.method, headers: request.headers, body, signal: request.signal }),
    );
  };
  return Object.assign(filter, { uses: usesOf(secret) });
}

/** All secrets and signatures are compared, in a time that tells nothing of what is right. */
function isSigned({ text, signatures }: Signed, body: Uint8Array, secrets: string, isCoded: boolean): boolean {
  let found = false;
  for (const key of secrets.split(/\s+/).filter((word) => word !== "")) {
    const bytes = isCoded ? Buffer.from(key.replace(/^whsec_/, ""), "base64") : key;
    const wanted = createHmac("sha256", bytes)
      .update(text ?? "")
      .update(body)
      .digest();
    for (const signature of signatures) {
      if (signature.length === wanted.length && timingSafeEqual(signature, wanted)) found = true;
    }
  }
  return found;
}

async function readBytes(request: Request, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > most)
      throw new HadronError(
        "TOO_LARGE",
        `The body is larger than ${most} bytes, the limit of this hook (maxBodyBytes).`,
      );
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks, bytes));
}
