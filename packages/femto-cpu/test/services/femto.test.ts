import { compose } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { femto } from "../../../../examples/femto.ts";
import { KNOWN } from "./known-programs.ts";

test("is 83 services and 85 replicas", () => {
  const { services } = compose("femto", [femto]).topology;
  expect(services.length).toBe(83);
  expect(services.reduce((sum, { replicas }) => sum + replicas, 0)).toBe(85);
});

test.each(KNOWN)("runs $file", async ({ source, steps, output }) => {
  await using app = await start(femto);
  const result = await app.client(femto).run({ source });
  expect(result).toMatchObject({ state: "halted", fault: null, steps, output });
});
