import { expect, test } from "vitest";
import { apiOf, parseReference, toText } from "../../src/registry/reference.ts";

const digest = `sha256:${"a".repeat(64)}`;

test.each([
  ["node:24-slim", { registry: "docker.io", repository: "library/node", version: "24-slim" }],
  ["redis", { registry: "docker.io", repository: "library/redis", version: "latest" }],
  ["team/app:1", { registry: "docker.io", repository: "team/app", version: "1" }],
  ["localhost/app", { registry: "localhost", repository: "app", version: "latest" }],
  [
    "127.0.0.1:5000/library/node:24-slim",
    { registry: "127.0.0.1:5000", repository: "library/node", version: "24-slim" },
  ],
  ["ghcr.io/a/b/c_d:v1.2", { registry: "ghcr.io", repository: "a/b/c_d", version: "v1.2" }],
  [`ghcr.io/a/b:v1@${digest}`, { registry: "ghcr.io", repository: "a/b", version: digest }],
])("reads %s as Docker does", (text, expected) => {
  expect(parseReference(text)).toEqual(expected);
});

test.each(["", "UPPER/case", "a b", "http://x/y", "x:y:z/q"])("refuses %j, and shows what one looks like", (text) => {
  expect(() => parseReference(text)).toThrow(/is no image reference, such as/);
});

test("writes a reference by tag and by digest", () => {
  expect(toText({ registry: "ghcr.io", repository: "a/b", version: "1" })).toBe("ghcr.io/a/b:1");
  expect(toText({ registry: "ghcr.io", repository: "a/b", version: digest })).toBe(`ghcr.io/a/b@${digest}`);
});

test("speaks plain HTTP to registries on this machine alone", () => {
  expect(
    ["127.0.0.1:5000", "localhost:5000", "127.1.2.3", "r.localhost"]
      .map(apiOf)
      .every((one) => one.startsWith("http://")),
  ).toBe(true);
  expect(["10.0.0.1:5000", "127.0.0.1.example", "ghcr.io"].map(apiOf).every((one) => one.startsWith("https://"))).toBe(
    true,
  );
  expect(apiOf("docker.io")).toBe("https://registry-1.docker.io");
});
