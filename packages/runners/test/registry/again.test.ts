import { expect, test } from "vitest";
import { retryAfterMs } from "../../src/registry/again.ts";
import { contentTag, pushImage } from "../../src/registry/image.ts";
import { FakeRegistry } from "./fake-registry.ts";

const { signal } = new AbortController();
const config = { command: ["node"], workingDirectory: "/", user: "1:1", labels: {} };

function addBase(registry: FakeRegistry): void {
  const layer = registry.addBlob("node", Buffer.from("layer"));
  const content = {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: ["sha256:a"] },
  };
  const image = registry.addBlob("node", Buffer.from(JSON.stringify(content)));
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  registry.addManifest("node", "24", mediaType, {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...image },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...layer }],
  });
}

test.each([
  ["429 with Retry-After", { status: 429, retryAfter: "0" }],
  ["503", { status: 503 }],
  ["a reset upload", "reset"],
] as const)("%s is asked again, and told", async (_, trouble) => {
  await using registry = await FakeRegistry.start();
  addBase(registry);
  const spec = {
    base: `${registry.name}/node:24`,
    target: `${registry.name}/app`,
    layers: [[{ path: "a", content: Buffer.from("a") }]],
    config,
  };
  let left = 2;
  registry.trouble = (method) => (method === "PUT" && left-- > 0 ? trouble : undefined);
  const told: string[] = [];
  await pushImage(spec, { credentials: async () => undefined, signal, step: (detail) => told.push(detail) });
  expect(registry.manifests.has(`app/${contentTag(spec)}`)).toBe(true);
  expect(told.filter((detail) => detail.includes("Asking again in"))).not.toEqual([]);
});

test("a refusal is not asked again", async () => {
  await using registry = await FakeRegistry.start();
  let asked = 0;
  registry.trouble = () => {
    asked++;
    return { status: 403 };
  };
  const spec = { base: `${registry.name}/node:24`, target: `${registry.name}/app`, layers: [], config };
  await expect(pushImage(spec, { credentials: async () => undefined, signal, step: () => {} })).rejects.toThrow("403 ");
  expect(asked).toBe(1);
});

test("Retry-After is seconds or a date", () => {
  expect(retryAfterMs("3")).toBe(3000);
  expect(retryAfterMs("Wed, 21 Oct 2015 07:28:10 GMT", Date.parse("2015-10-21T07:28:00Z"))).toBe(10_000);
  expect(retryAfterMs("Wed, 21 Oct 2015 07:28:00 GMT")).toBe(0);
  expect(retryAfterMs("soon")).toBeUndefined();
});
