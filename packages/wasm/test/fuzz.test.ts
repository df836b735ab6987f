import fc from "fast-check";
import { expect, test } from "vitest";
import { checkHeld, growAll, load, mutants, shapes } from "./fuzz-modules.ts";

test("of bytes that were a module before each is refused in words, or a module that is held to its limits", () => {
  fc.assert(
    fc.property(mutants, (bytes) => {
      const loaded = load(bytes);
      if (loaded !== undefined) checkHeld(bytes, loaded);
    }),
    { numRuns: 1500 },
  );
});

test("whatever a module says of its memory and tables, it has eight pages at most, and loads where it needs no more", () => {
  fc.assert(
    fc.property(shapes, (bytes) => {
      if (!WebAssembly.validate(Uint8Array.from(bytes))) throw new Error("the generator makes no module");
      const loaded = load(bytes, "size");
      if (loaded === undefined) return;
      checkHeld(bytes, loaded);
      expect(growAll(loaded)).toBeLessThanOrEqual(8);
    }),
    { numRuns: 500 },
  );
});

test("a list that says it is longer than any can be is refused in words", () => {
  expect(load(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 255, 255, 255, 255, 127))).toBeUndefined();
});
