import { expect, test } from "vitest";
import type { Kind } from "../../src/kubernetes/objects/objects.ts";
import { isData, parseBytes } from "../../src/kubernetes/world/data.ts";

test.each([
  ["16Mi", 16 * 2 ** 20],
  ["1.5Gi", 1.5 * 2 ** 30],
  ["2G", 2e9],
  ["1024", 1024],
  ["16Qi", null],
  [undefined, null],
])("a claim of %s is so many bytes", (quantity, bytes) => {
  expect(parseBytes(quantity)).toBe(bytes);
});

test("claims and generated secrets are data; declared secrets and everything else are made again", () => {
  const objectOf = (kind: Kind, name: string) => ({ apiVersion: "v1", kind, metadata: { name } });
  expect(isData(objectOf("PersistentVolumeClaim", "data-shop-keys-0"), "shop")).toBe(true);
  expect(isData(objectOf("Secret", "shop-generated"), "shop")).toBe(true);
  expect(isData(objectOf("Secret", "shop"), "shop")).toBe(false);
  expect(isData(objectOf("ConfigMap", "shop-generated"), "shop")).toBe(false);
});
