import { checkServiceName, HadronError } from "@hadron/core/spi";

/** What can be said of whatever keeps data. */
export interface KeptOptions {
  /** What it was called before: its data is found under the new name from the next `up` on. @default it was always called so */
  readonly was?: string;
  /** `delete --data` refuses to remove it as long as it is declared so. @default false */
  readonly protect?: boolean;
}

export const KEPT_OPTIONS = ["was", "protect"] as const;

/** Checks that the options are known ones. INVALID_DECLARATION names the one that is not. */
export function checkOptions(of: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) fail(of, `knows no option "${unknown}"; there are ${known.join(", ")}`);
}

/** Checks milliseconds above 0. */
export function checkMs(of: string, option: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  return fail(of, `${option} is ${value}, and should be milliseconds, above 0`);
}

/** Checks a whole number. */
export function checkWhole(of: string, option: string, value: number, from: number): number {
  if (Number.isSafeInteger(value) && value >= from) return value;
  return fail(of, `${option} is ${value}, and should be a whole number from ${from}`);
}

/** Checks what is said of data, and leaves out what is not said. */
export function checkKept(of: string, { was, protect }: KeptOptions): Readonly<Record<string, unknown>> {
  if (was !== undefined) checkServiceName(was);
  if (protect !== undefined && typeof protect !== "boolean")
    fail(of, `protect is ${protect}, and should be true or false`);
  return { ...(was === undefined ? {} : { was }), ...(protect === true ? { protect } : {}) };
}

function fail(of: string, what: string): never {
  throw new HadronError("INVALID_DECLARATION", `${of}: ${what}.`);
}
