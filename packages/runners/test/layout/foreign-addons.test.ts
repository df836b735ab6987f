import { expect, test } from "vitest";
import { checkAddons } from "../../src/layout/index.ts";
import { testApp } from "./app.ts";

/** How a shared library begins, by the system that it is for. */
const BEGIN = { linux: "\x7fELF", darwin: "\xcf\xfa\xed\xfe", win32: "MZ" };

/** A package with an addon for these systems: in itself, or each in a package of its own, as npm has both. */
async function layoutOf(systems: readonly (keyof typeof BEGIN)[], parts: boolean, more: object = {}) {
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
    await app.writeBytes(`node_modules/${placeOf(system)}`, Buffer.from(BEGIN[system], "latin1"));
  }
  const { entries } = await app.layout();
  const addons = entries.filter((entry) => entry.kind === "taken");
  return { addons, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

test.each([false, true])(
  "an addon for another system alone is refused by its package and its system (in parts: %s)",
  async (parts) => {
    await using made = await layoutOf(["darwin"], parts);
    expect(made.addons.map(({ path }) => path)).toContainEqual(expect.stringMatching(/\.node$/));
    expect(() => checkAddons(made.addons)).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: expect.stringMatching(/"(@x\/)?addon".* for macOS alone .*--os=linux/),
      }),
    );
  },
);

test.each([false, true])("one for Linux beside those for others is enough (in parts: %s)", async (parts) => {
  await using made = await layoutOf(["win32", "darwin", "linux"], parts);
  checkAddons(made.addons);
});

test("a package that is for another system by its nature is no hindrance", async () => {
  await using made = await layoutOf(["darwin"], false, { os: ["darwin"] });
  checkAddons(made.addons);
});
