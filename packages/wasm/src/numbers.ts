import { HadronError } from "@hadron/core";
import { inWords, type Signature, type ValueType } from "./module/shape.ts";

/**
 * The parameters of a function from the input of a call: nothing, a number, or a list of them. Of an i64 a bigint, or a
 * number that is exact. INVALID_INPUT where they do not fit.
 */
export function toParameters(label: string, signature: Signature, input: unknown): readonly (number | bigint)[] {
  const values: readonly unknown[] = input === undefined ? [] : Array.isArray(input) ? input : [input];
  if (values.length !== signature.params.length) {
    throw new HadronError(
      "INVALID_INPUT",
      `${label} takes ${inWords(signature)}: ${signature.params.length} numbers, and was given ${values.length}.`,
    );
  }
  return signature.params.map((type, place) => toNumber(label, type, values[place], place));
}

function toNumber(label: string, type: ValueType, value: unknown, place: number): number | bigint {
  const refuse = (): never => {
    const shown = typeof value === "number" || typeof value === "bigint" ? String(value) : typeof value;
    throw new HadronError("INVALID_INPUT", `${label}: its ${place + 1}. number should be an ${type}, and is ${shown}.`);
  };
  if (type === "i64") {
    const whole = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
    return typeof whole === "bigint" && whole >= -(2n ** 63n) && whole < 2n ** 64n ? whole : refuse();
  }
  if (typeof value !== "number") return refuse();
  if (type !== "i32") return value;
  return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32 ? value : refuse();
}

/** What a function returned as the output of a call: nothing, a number, or a list of them. */
export function toResult(signature: Signature, values: readonly (number | bigint)[]): unknown {
  return signature.results.length > 1 ? [...values] : values[0];
}
