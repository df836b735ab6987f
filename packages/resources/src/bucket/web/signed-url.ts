import { createHmac, timingSafeEqual } from "node:crypto";
import { HadronError } from "@hadron/core/spi";
import type { UrlGrant } from "../contract/url-grant.ts";

/**
 * The URL of a grant: all of it stands in the query, so that any path leads there, whatever stands before this service; the path's end is
 * the name under which a browser stores it.
 */
export function toSignedUrl(secret: string, base: string, grant: UrlGrant): string {
  const { bucket, key, method, expiresAt, contentType, maxBytes } = grant;
  const said = new URLSearchParams({ object: `${bucket}/${key}`, method, expires: String(expiresAt) });
  if (contentType !== undefined) said.set("type", contentType);
  if (maxBytes !== undefined) said.set("most", String(maxBytes));
  said.set("signature", sign(secret, said).toString("base64url"));
  return `${base.replace(/\/+$/, "")}/${toFileName(key)}?${said}`;
}

/** What the query of such a URL grants. PERMISSION_DENIED where it was not made with the secret, was changed since, or is over. */
export function readSignedUrl(secret: string, query: string, now: number): UrlGrant {
  const said = new URLSearchParams(query);
  const given = Buffer.from(said.get("signature") ?? "", "base64url");
  said.delete("signature");
  const wanted = sign(secret, said);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw denied("The URL was not made by this app, or was changed since.");
  }
  const expiresAt = Number(said.get("expires"));
  if (!(now < expiresAt))
    throw denied(`The URL was good until ${new Date(expiresAt).toISOString()}. Ask for a new one.`);
  const object = said.get("object") ?? "";
  const slash = object.indexOf("/");
  const most = said.get("most");
  return {
    bucket: object.slice(0, slash),
    key: object.slice(slash + 1),
    method: said.get("method") === "PUT" ? "PUT" : "GET",
    expiresAt,
    contentType: said.get("type") ?? undefined,
    maxBytes: most === null ? undefined : Number(most),
  };
}

/** Of what the query says, and not of how it is written: whoever passes it on may write it in another way. */
function sign(secret: string, said: URLSearchParams): Buffer {
  const text = JSON.stringify([...said].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  return createHmac("sha256", secret).update(`bucket ${text}`).digest();
}

/** The last part of a key; what a path could not end with gets another name. */
function toFileName(key: string): string {
  const name = key.slice(key.lastIndexOf("/") + 1);
  return /^\.{0,2}$/.test(name) ? "object" : encodeURIComponent(name);
}

function denied(why: string): HadronError {
  return new HadronError("PERMISSION_DENIED", why);
}
