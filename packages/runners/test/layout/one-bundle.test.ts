import { resolve } from "node:path";
import { expect, test } from "vitest";
import { testApp } from "./app.ts";

const example = (name: string) => resolve(import.meta.dirname, "../../../../examples", name);

test("an app without files and packages of its own is one bundle", async () => {
  await using app = await testApp();
  const layout = await app.layout(example("histogram.ts"));
  expect(layout.entries.map(({ path }) => path)).toEqual(["app.mjs"]);
});
