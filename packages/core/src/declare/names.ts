import { HadronError } from "../errors.ts";

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const PROCEDURE = /^[A-Za-z_$][\w$.-]{0,127}$/;
/** A client has `with`; a promise would have `then`; `rpc.` is JSON-RPC's own, and `hadron.` every replica's. */
const TAKEN_BY_CLIENT = new Set(["with", "then"]);

/** Checks a service's name: labels of a DNS name (RFC 1123), joined by dots. INVALID_DECLARATION if it is none. */
export function checkServiceName(name: unknown): string {
  if (typeof name !== "string") {
    throw new HadronError("INVALID_DECLARATION", `A service's name is a string, not ${describe(name)}.`);
  }
  if (name.length > 200 || !name.split(".").every((label) => LABEL.test(label))) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `"${name}" cannot name a service: use lower-case letters, digits and "-", at most 63 between dots, ` +
        `200 in all, with a letter or digit at both ends${suggest(name)}.`,
    );
  }
  return name;
}

/** Checks an app's name: one DNS label. INVALID_DECLARATION if it is none. */
export function checkAppName(name: string): string {
  if (!LABEL.test(name)) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `"${name}" cannot name an app: use lower-case letters, digits and "-", at most 63, with a letter or digit at ` +
        `both ends${suggest(name.replaceAll(".", "-"))}.`,
    );
  }
  return name;
}

/** Checks a procedure's name: INVALID_DECLARATION where the client or JSON-RPC has a meaning for it. */
export function checkProcedureName(service: string, name: string): string {
  if (TAKEN_BY_CLIENT.has(name) || /^(?:rpc|hadron)\./.test(name) || !PROCEDURE.test(name)) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `"${name}" cannot name a procedure of "${service}": begin with a letter, go on with letters, digits, "_", "-" and ` +
        `".", at most 128; "with", "then" and names that begin with "rpc." or "hadron." have a meaning already.`,
    );
  }
  return name;
}

/** Turns any text into a valid label, or "" where nothing of it can be used. */
export function toLabel(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+/g, "")
    .slice(0, 63)
    .replaceAll(/-+$/g, "");
}

function suggest(name: string): string {
  const better = name.split(".").map(toLabel).filter(Boolean).join(".");
  return better === "" || better === name ? "" : `; "${better}" would do`;
}

function describe(value: unknown): string {
  return value === null ? "null" : typeof value;
}
