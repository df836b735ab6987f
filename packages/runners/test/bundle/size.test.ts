import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { bundle, toLines } from "../../src/bundle/index.ts";

const KB = 1000;
const histogram = fileURLToPath(new URL("../../../../examples/histogram.ts", import.meta.url));

/*
 * What every image holds of us, and every replica reads at its start. Before the layout, with source maps in the image, it was
 * 614 KB, 150 packed. Raise a number only for what each replica of each app needs; what a few need is imported by those.
 */
test("the histogram's bundle and its lines are small", async () => {
  const { code, map } = await bundle(histogram);
  const lines = toLines(code, JSON.parse(Buffer.from(map).toString()));
  expect(code.byteLength).toBeLessThan(385 * KB);
  expect(lines.byteLength).toBeLessThan(42 * KB);
  expect(gzipSync(code).byteLength + gzipSync(lines).byteLength).toBeLessThan(123 * KB);
});

test("nothing of ours is loaded late in a bundle, where esbuild would wrap it and all that it imports", async () => {
  const { code } = await bundle(histogram);
  expect(Buffer.from(code).toString()).not.toContain("__esm(");
});
