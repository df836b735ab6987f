import { expect, test } from "vitest";
import { checkAddons, platformOf } from "../../src/layout/index.ts";
import { testApp } from "./app.ts";

/** How a shared library begins, by the system that it is for. */
const BEGIN = { linux: "\x7fELF", darwin: "\xcf\xfa\xed\xfe", win32: "MZ" };

/** Where ours run, in these tests. */
const DEBIAN = platformOf("node:24-slim", "amd64");
const ALPINE = platformOf("node:24-alpine", "amd64");

/** A package with an addon for these systems: in itself, or each in a package of its own, as npm has both. */
async function layoutOf(
  systems: readonly (keyof typeof BEGIN)[],
  parts: boolean,
  more: object = {},
  contents: readonly Buffer[] = [],
) {
  const app = await testApp();
  const manifest = (name: string) => JSON.stringify({ name, version: "1.0.0", main: "main.js", ...more });
  const placeOf = (system: string) =>
    parts ? `@x/addon-${system}-arm64/addon.node` : `addon/prebuilds/${system}.node`;
  await app.write({
    "app.ts": `import addon from "addon"; console.log(addon);`,
    "node_modules/addon/package.json": manifest("addon"),
    "node_modules/addon/main.js": parts
      ? systems.map((system) => `require("@x/addon-${system}-arm64/addon.node");`).join("\n")
      : `module.exports = (system) => require("./prebuilds/" + system + ".node");`,
  });
  for (const system of systems) {
    if (parts)
      await app.write({ [`node_modules/@x/addon-${system}-arm64/package.json`]: manifest(`@x/addon-${system}-arm64`) });
    await app.writeBytes(`node_modules/${placeOf(system)}`, contents[0] ?? Buffer.from(BEGIN[system], "latin1"));
  }
  for (const [index, content] of contents.slice(1).entries())
    await app.writeBytes(`node_modules/addon/prebuilds/linux-${index}.node`, content);
  return { entries: (await app.layout()).entries, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

test.each([false, true])(
  "an addon for another system alone is refused by its package and its system (in parts: %s)",
  async (parts) => {
    await using made = await layoutOf(["darwin"], parts);
    expect(made.entries.map(({ path }) => path)).toContainEqual(expect.stringMatching(/\.node$/));
    expect(() => checkAddons(made.entries)).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: expect.stringMatching(/"(@x\/)?addon".* for macOS alone .*--os=linux/),
      }),
    );
  },
);

test.each([false, true])("one for Linux beside those for others is enough (in parts: %s)", async (parts) => {
  await using made = await layoutOf(["win32", "darwin", "linux"], parts);
  checkAddons(made.entries);
});

test("a package that is for another system by its nature is no hindrance", async () => {
  await using made = await layoutOf(["darwin"], false, { os: ["darwin"] });
  checkAddons(made.entries);
});

/** A shared library of Linux for an architecture, by its number in ELF, that needs a C library. */
const elf = (machine: number, needs: string) =>
  Buffer.concat([
    Buffer.from("\x7fELF", "latin1"),
    Buffer.alloc(14),
    Buffer.from([machine, 0]),
    Buffer.from(`\0${needs}\0`),
  ]);
const X64_GLIBC = elf(62, "libc.so.6");
const X64_MUSL = elf(62, "libc.musl-x86_64.so.1");
const ARM_GLIBC = elf(183, "libc.so.6");
/** Needs no C library, or does not say so. */
const X64_ANY = elf(62, "libm");

test.each([
  ["of another architecture", [ARM_GLIBC], DEBIAN, /for linux\/arm64 alone .* run on linux\/amd64: .*--cpu=x64 /],
  ["of another C library", [X64_GLIBC], ALPINE, /for Linux with glibc alone .* have musl: .*--libc=musl /],
  [
    "of another C library, with one of another architecture",
    [X64_MUSL, ARM_GLIBC],
    DEBIAN,
    /with musl alone .* have glibc/,
  ],
])("an addon %s is refused", async (_, contents, platform, message) => {
  await using made = await layoutOf(["linux"], false, {}, contents);
  checkAddons(made.entries);
  expect(() => checkAddons(made.entries, platform)).toThrow(
    expect.objectContaining({ code: "FAILED_PRECONDITION", message: expect.stringMatching(message) }),
  );
});

test.each([
  ["of each C library", [X64_GLIBC, X64_MUSL], ALPINE],
  ["of each architecture", [ARM_GLIBC, X64_GLIBC], DEBIAN],
  ["that needs none", [X64_ANY], ALPINE],
])("addons %s are enough", async (_, contents, platform) => {
  await using made = await layoutOf(["linux"], false, {}, contents);
  checkAddons(made.entries, platform);
});
