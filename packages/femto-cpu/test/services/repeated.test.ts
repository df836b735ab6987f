import { HadronError } from "@hadron/core";
import { expect, test } from "vitest";
import { repeated } from "../../src/services/repeated.ts";

/** Work that fails so often with this error, and then succeeds. */
function failing(times: number, error: Error) {
  let tries = 0;
  const work = async () => {
    if (++tries <= times) throw error;
    return "done";
  };
  return { work, tries: () => tries };
}

const away = new HadronError("UNAVAILABLE", "Nobody is there.");
const never = new AbortController().signal;

test.each(["UNAVAILABLE", "OVERLOADED"] as const)(
  "what fails with %s is done again until it succeeds",
  async (code) => {
    const { work, tries } = failing(3, new HadronError(code, "Not now."));
    expect(await repeated(work, { forMs: 60_000, signal: never })).toBe("done");
    expect(tries()).toBe(4);
  },
);

test("when the time is over the last failure is thrown as it is, after more than one try", async () => {
  const { work, tries } = failing(1000, away);
  await expect(repeated(work, { forMs: 100, signal: never })).rejects.toBe(away);
  expect(tries()).toBeGreaterThan(1);
  expect(tries()).toBeLessThan(10);
});

test("a failure that another try would not mend is thrown at once", async () => {
  const wrong = new HadronError("INVALID_INPUT", "No.");
  const { work, tries } = failing(1000, wrong);
  await expect(repeated(work, { forMs: 60_000, signal: never })).rejects.toBe(wrong);
  expect(tries()).toBe(1);
  const { work: other } = failing(2, wrong);
  expect(await repeated(other, { forMs: 60_000, signal: never, when: (error) => error === wrong })).toBe("done");
});

test("whoever gives up gets the last failure, during a pause as well", async () => {
  await expect(repeated(failing(1000, away).work, { forMs: 60_000, signal: AbortSignal.abort() })).rejects.toBe(away);
  const controller = new AbortController();
  const going = repeated(failing(1000, away).work, { forMs: 60_000, signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  await expect(going).rejects.toBe(away);
});
