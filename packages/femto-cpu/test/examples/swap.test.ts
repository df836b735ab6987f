import { compose } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { femto } from "../../../../examples/femto-swap.ts";

test("an instruction that was added in one declaration is assembled, and done by its node", async () => {
  expect(compose("femto", [femto]).topology.services.length).toBe(84);
  await using app = await start(femto);
  const { registers } = await app.client(femto).run({ source: "MOV A, 1\nMOV B, 2\nswap a, b\nHLT" });
  expect(registers).toMatchObject({ A: 2, B: 1 });
  expect(app.replica("swap-reg-with-reg").calls).toBe(1);
  await expect(app.client(femto).assemble({ source: "SWAP A, 5" })).rejects.toThrow(
    "line 1, column 6: operands that SWAP does not take: A, 5; expected R, R",
  );
});
