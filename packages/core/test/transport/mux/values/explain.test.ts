import { expect, test } from "vitest";
import { explainNotEncodable } from "../../../../src/transport/mux/values/explain.ts";
import { NotEncodable } from "../../../../src/transport/mux/values/not-encodable.ts";

test.each([
  ["input", true],
  ["output", false],
] as const)("an %s that is too large is told with its limit, and whether it was sent", (what, unsent) => {
  const error = explainNotEncodable(new NotEncodable("size"), "x", what, 'the procedure "add"', 1024);
  expect(error).toMatchObject({ code: "TOO_LARGE", unsent });
  expect(error.message).toBe(
    `The ${what} of the procedure "add" is larger than its limit of 1024 bytes; raise limits.${what}Bytes of the service, or send less.`,
  );
});

test.each([
  ["input", "INVALID_INPUT", true],
  ["output", "INVALID_OUTPUT", false],
] as const)("of an %s that cannot be sent the part is named", (what, code, unsent) => {
  const value = { list: [1, () => 1] };
  const error = explainNotEncodable(new NotEncodable("type"), value, what, "it", 1024);
  expect(error).toMatchObject({ code, unsent });
  expect(error.message).toContain(`The ${what} of it cannot be sent: `);
  expect(error.message).toContain("list[1]");
});

test("what fails while it is read is told by what it says", () => {
  const cause = new Error("not now");
  const value = {
    get part(): unknown {
      throw cause;
    },
  };
  const error = explainNotEncodable(cause, value, "output", "it", 1024);
  expect(error).toMatchObject({ code: "INVALID_OUTPUT", unsent: false, cause });
  expect(error.message).toContain("cannot be sent: reading it failed: not now");
  expect(explainNotEncodable(new NotEncodable("type"), value, "input", "it", 1024)).toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining("a part of it cannot be encoded"),
  });
});
