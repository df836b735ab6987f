import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findExternal, nativePackages } from "../../src/bundle/external.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "hadron external "));
});
afterEach(() => rm(root, { recursive: true }));

/** A package in `node_modules`, and the input of a build that reads its main file. */
async function install(
  name: string,
  manifest: object,
  files: Readonly<Record<string, string>> = {},
  imports: readonly string[] = [],
) {
  const folder = join(root, "node_modules", name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ name, ...manifest }));
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
  return {
    [`node_modules/${name}/main.js`]: { bytes: 1, imports: imports.map((path) => ({ path, kind: "require-call" })) },
  };
}

function found(inputs: object): string[] {
  return nativePackages({ inputs, outputs: {} } as Parameters<typeof nativePackages>[0], root).map(({ name }) => name);
}

test("a package that is compiled where it is installed stays outside, by its binding.gyp or by its word", async () => {
  const inputs = {
    ...(await install("by-file", {}, { "binding.gyp": "{}" })),
    ...(await install("by-word", { gypfile: true })),
    ...(await install("@scope/by-file", {}, { "binding.gyp": "{}" })),
    ...(await install("says-no", { gypfile: false })),
    ...(await install("plain", { dependencies: { nan: "*" } })),
  };
  expect(found(inputs)).toEqual(["by-file", "by-word", "@scope/by-file"]);
});

test.each(["bindings", "node-gyp-build", "@mapbox/node-pre-gyp", "node-pre-gyp", "prebuild-install", "pkg-prebuilds"])(
  "a package that looks for its addon by %s stays outside",
  async (loader) => {
    expect(found(await install("addon", { dependencies: { [loader]: "*" } }))).toEqual(["addon"]);
  },
);

test("a package that imports an addon stays outside; one without a manifest is bundled", async () => {
  const inputs = {
    ...(await install("imports-one", {}, {}, ["./build/addon.node"])),
    "node_modules/nowhere/main.js": { bytes: 1, imports: [] },
    "src/app.ts": { bytes: 1, imports: [{ path: "fs", kind: "import-statement" }] },
  };
  expect(found(inputs)).toEqual(["imports-one"]);
});

test("a package is looked for from a folder upwards, and one that is not installed is an error that says where", async () => {
  await install("here", {});
  await mkdir(join(root, "deep/er"), { recursive: true });
  expect(findExternal("here", join(root, "deep/er"))).toEqual({
    name: "here",
    directory: join(root, "node_modules/here"),
  });
  expect(() => findExternal("nowhere-at-all", root)).toThrow(
    expect.objectContaining({ code: "RUNNER_FAILED", message: expect.stringContaining(`is not installed in ${root}`) }),
  );
});
