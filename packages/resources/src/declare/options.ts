import { HadronError } from "@hadron/core/spi";

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

function fail(of: string, what: string): never {
  throw new HadronError("INVALID_DECLARATION", `${of}: ${what}.`);
}
