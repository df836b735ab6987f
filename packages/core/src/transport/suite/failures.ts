import type { HadronError } from "../../errors.ts";

/** The error of a call that must fail. */
export async function fails(call: Promise<unknown>): Promise<HadronError> {
  const outcome = await call.then(
    () => undefined,
    (error: HadronError) => error,
  );
  if (outcome === undefined) throw new Error("The call did not fail.");
  return outcome;
}

/** For `catch`: what a call throws is a HadronError. */
export function failureOf(error: unknown): HadronError {
  return error as HadronError;
}
