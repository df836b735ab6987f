import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { placePackages } from "../../src/replica/packages.ts";

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "hadron-packages-")));
});
afterEach(() => rm(root, { recursive: true }));

async function add(path: string, dependencies: Record<string, string> = {}): Promise<string> {
  await mkdir(join(root, path), { recursive: true });
  await writeFile(join(root, path, "package.json"), JSON.stringify({ dependencies }));
  return join(root, path);
}
async function link(path: string, to: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await symlink(join(root, to), join(root, path));
}
const place = (name: string, directory: string) =>
  Object.fromEntries(placePackages([{ name, directory }]).map((one) => [one.path, relative(root, one.directory)]));

describe("packages that stay outside of the bundle", () => {
  test("come with what they depend on, as npm lays them out", async () => {
    const sharp = await add("node_modules/sharp", { semver: "7", color: "4" });
    await add("node_modules/color", { semver: "6" });
    await add("node_modules/semver");
    await add("node_modules/color/node_modules/semver");
    expect(place("sharp", sharp)).toEqual({
      sharp: "node_modules/sharp",
      semver: "node_modules/semver",
      color: "node_modules/color",
      "color/node_modules/semver": "node_modules/color/node_modules/semver",
    });
  });

  test("come from a pnpm workspace, through its links", async () => {
    await add("node_modules/.pnpm/sharp@1/node_modules/sharp", { "@img/linux": "1", missing: "1" });
    await add("node_modules/.pnpm/@img+linux@1/node_modules/@img/linux", { sharp: "1" });
    await link("packages/app/node_modules/sharp", "node_modules/.pnpm/sharp@1/node_modules/sharp");
    await link(
      "node_modules/.pnpm/sharp@1/node_modules/@img/linux",
      "node_modules/.pnpm/@img+linux@1/node_modules/@img/linux",
    );
    await link("node_modules/.pnpm/@img+linux@1/node_modules/sharp", "node_modules/.pnpm/sharp@1/node_modules/sharp");
    expect(place("sharp", join(root, "packages/app/node_modules/sharp"))).toEqual({
      sharp: "node_modules/.pnpm/sharp@1/node_modules/sharp",
      "@img/linux": "node_modules/.pnpm/@img+linux@1/node_modules/@img/linux",
    });
  });
});
