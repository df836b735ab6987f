import { HadronError } from "@hadron/core";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
/** The platform's own paths. */
export const OWN_PREFIX = "my-own-cluster";

/** INVALID_INPUT where it is no name. */
export function checkName(name: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,127}$/.test(name)) return name;
  throw new HadronError(
    "INVALID_INPUT",
    `The name "${name.slice(0, 60)}" should have letters, digits, and . _ -, begin with one of the former, and have at most 128.`,
  );
}

export function checkMethod(method: string): string {
  const upper = method.toUpperCase();
  if (METHODS.includes(upper)) return upper;
  throw new HadronError("INVALID_INPUT", `The method "${method.slice(0, 20)}" is none of ${METHODS.join(", ")}.`);
}

/** The platform's own paths are not to be had. */
export function checkFree(path: string): string {
  if (path.split("/")[1] !== OWN_PREFIX) return path;
  throw new HadronError("INVALID_INPUT", `Paths below /${OWN_PREFIX} are the platform's own: plug it elsewhere.`);
}

export function checkContentType(type: string): string {
  if (/^[\w.+-]+\/[\w.+-]+(?:\s*;[\x20-\x7e]*)?$/.test(type)) return type;
  throw new HadronError("INVALID_INPUT", `The content type "${type.slice(0, 60)}" should be like text/plain.`);
}
