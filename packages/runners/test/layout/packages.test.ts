import { expect, test } from "vitest";
import { describeLayout } from "../../src/layout/index.ts";
import { pathsOf, testApp } from "./app.ts";

const manifest = (name: string, more: object = {}) =>
  JSON.stringify({ name, version: "1.0.0", main: "main.js", ...more });

test("packages that are plain code are bundled; one that reads files of its own stays as it is", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `import plain from "plain"; import reads from "reads"; console.log(JSON.stringify([plain, reads]));`,
    "node_modules/plain/package.json": manifest("plain"),
    "node_modules/plain/main.js": `// Unlike others it needs no __dirname.\nmodule.exports = "plain";`,
    "node_modules/reads/package.json": manifest("reads"),
    "node_modules/reads/main.js": `const fs = require("fs"); const of = (name) => fs.readFileSync(__dirname + "/" + name + ".txt", "utf8"); module.exports = of("data");`,
    "node_modules/reads/data.txt": "data",
    "node_modules/reads/main.d.ts": "",
    "node_modules/reads/test/big.bin": "",
    "node_modules/reads/README.md": "",
  });
  const layout = await app.layout();
  expect(await app.execute(layout)).toEqual(["plain", "data"]);
  const files = [
    "files/node_modules/reads/data.txt",
    "files/node_modules/reads/main.js",
    "files/node_modules/reads/package.json",
  ];
  expect(pathsOf(layout, "packages")).toEqual([...files, "node_modules/reads"]);
});

test.each([
  ["starts a worker", `const { Worker } = require("worker_threads"); new Worker("./x.js");`],
  ["asks where packages are", `require.resolve("fs");`],
  ["requires by computed names", `const part = (name) => require(name); part("./parts/one.js");`],
  ["imports by computed names", `const part = (name) => import(name); part("./parts/one.js");`],
])("a package that %s stays as it is", async (_, code) => {
  await using app = await testApp();
  await app.write({
    "app.ts": `import x from "x"; console.log(JSON.stringify(x));`,
    "node_modules/x/package.json": manifest("x"),
    "node_modules/x/main.js": `exports.load = () => { ${code} };`,
    "node_modules/x/parts/one.js": "",
  });
  expect(pathsOf(await app.layout(), "packages")).toContain("files/node_modules/x/parts/one.js");
});

test.each([
  ["is built when it is installed", { "binding.gyp": "{}" }, {}],
  ["says that it is built when it is installed", {}, { gypfile: true }],
  ["finds its addon by a package for that", {}, { dependencies: { bindings: "1" } }],
])("a package with an addon that %s stays as it is", async (_, files: Readonly<Record<string, string>>, more) => {
  await using app = await testApp();
  await app.write({
    "app.ts": `import x from "x"; console.log(JSON.stringify(x));`,
    "node_modules/x/package.json": manifest("x", more),
    "node_modules/x/main.js": `module.exports = "x";`,
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`node_modules/x/${name}`, text])),
  });
  expect(pathsOf(await app.layout(), "packages")).toContain("files/node_modules/x/main.js");
});

test("a native addon is found that is for one platform, in a package found by a computed name, linked as pnpm links it", async () => {
  await using app = await testApp();
  const store = "node_modules/.pnpm";
  await app.write({
    "package.json": `{ "type": "module" }`,
    "app.ts": `import { size } from "image"; import deep from "image/lib/deep.js"; console.log(JSON.stringify([size(), deep]));`,
    "node_modules/image": "-> .pnpm/image@1/node_modules/image",
    [`${store}/image@1/node_modules/image/package.json`]: manifest("image", {
      optionalDependencies: { "@image/here": "1" },
    }),
    [`${store}/image@1/node_modules/image/main.js`]: `exports.size = () => require("@image/" + ["here"].join("")).size;`,
    [`${store}/image@1/node_modules/image/lib/deep.js`]: `module.exports = "deep";`,
    [`${store}/image@1/node_modules/@image/here`]: "-> ../../../@image+here@1/node_modules/@image/here",
    [`${store}/@image+here@1/node_modules/@image/here/package.json`]: manifest("@image/here", {
      os: [process.platform],
    }),
    [`${store}/@image+here@1/node_modules/@image/here/main.js`]: "exports.size = 7;",
  });
  const layout = await app.layout();
  expect(await app.execute(layout)).toEqual([7, "deep"]);
  expect(layout.entries.find(({ path }) => path.endsWith("@image/here/main.js"))?.because).toBe(
    "the native addon of image",
  );
});

test("an addon found by a computed name goes along with a package that stays for another reason, as npm and as pnpm install it", async () => {
  const files = (at: string, addonAt: string) => ({
    "app.ts": `import { size } from "roller"; console.log(JSON.stringify(size()));`,
    [`${at}/package.json`]: manifest("roller", { optionalDependencies: { "@roller/here": "1" } }),
    [`${at}/main.js`]: `const place = __dirname; exports.size = () => require("./native.js").size;`,
    [`${at}/native.js`]: `const names = { [process.platform]: { [process.arch]: "here" } }; const find = (at) => at[process.platform][process.arch]; const load = (name) => require(name); exports.place = __dirname; module.exports = load("@roller/" + find(names));`,
    [`${addonAt}/package.json`]: manifest("@roller/here", { os: [process.platform] }),
    [`${addonAt}/main.js`]: "exports.size = 7;",
  });
  const store = "node_modules/.pnpm";
  const layouts = [
    files("node_modules/roller", "node_modules/@roller/here"),
    {
      ...files(`${store}/roller@1/node_modules/roller`, `${store}/@roller+here@1/node_modules/@roller/here`),
      "node_modules/roller": "-> .pnpm/roller@1/node_modules/roller",
      [`${store}/roller@1/node_modules/@roller/here`]: "-> ../../../@roller+here@1/node_modules/@roller/here",
    },
  ];
  for (const installed of layouts) {
    await using app = await testApp();
    await app.write(installed);
    expect(await app.execute(await app.layout())).toBe(7);
  }
});

test("what the bundle asks for of a package that stays goes along, though those who stay load another part of it", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `import plain from "plain"; import reads from "reads"; console.log(JSON.stringify([plain, typeof reads]));`,
    "node_modules/plain/package.json": manifest("plain", { dependencies: { shared: "1" } }),
    "node_modules/plain/main.js": `module.exports = require("shared/part.js");`,
    "node_modules/shared/package.json": manifest("shared"),
    "node_modules/shared/main.js": `module.exports = "main";`,
    "node_modules/shared/part.js": `module.exports = "part";`,
    "node_modules/reads/package.json": manifest("reads", { dependencies: { shared: "1" } }),
    "node_modules/reads/main.js": `module.exports = __dirname + require("shared");`,
  });
  expect(await app.execute(await app.layout())).toEqual(["part", "string"]);
});

test("of a package that one that stays as it is loads there is one copy", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `import { Thing } from "shared"; import { make } from "reads"; console.log(JSON.stringify(make() instanceof Thing));`,
    "node_modules/shared/package.json": manifest("shared"),
    "node_modules/shared/main.js": "exports.Thing = class Thing {};",
    "node_modules/reads/package.json": manifest("reads", { dependencies: { shared: "1" } }),
    "node_modules/reads/main.js": `const { Thing } = require("shared"); exports.make = () => new Thing(); exports.place = __dirname;`,
  });
  expect(await app.execute(await app.layout())).toBe(true);
});

test("package.json overrules what stays and what is bundled, and a mistake in it is told", async () => {
  await using app = await testApp();
  await app.write({
    "package.json": `{ "hadron": { "external": ["plain"], "bundle": ["reads"] } }`,
    "app.ts": `import plain from "plain"; import reads from "reads"; const name = "plain"; console.log(JSON.stringify([plain, reads, (await import(name)).default]));`,
    "node_modules/plain/package.json": manifest("plain"),
    "node_modules/plain/main.js": `module.exports = "plain";`,
    "node_modules/reads/package.json": manifest("reads"),
    "node_modules/reads/main.js": `module.exports = typeof __dirname;`,
  });
  const layout = await app.layout();
  expect(await app.execute(layout)).toEqual(["plain", "string", "plain"]);
  expect(pathsOf(layout, "packages")).not.toContain("files/node_modules/reads/main.js");
  await app.write({ "package.json": `{ "hadron": { "externals": [] } }` });
  await expect(app.layout()).rejects.toThrow(/package\.json: "hadron" has "externals", which means nothing/);
  await app.write({ "package.json": `{ "hadron": { "external": ["absent"] } }` });
  await expect(app.layout()).rejects.toThrow(/external: "absent", which is not installed.*npm install absent/);
});

test("run() overrules package.json, and describe says who said what", async () => {
  await using app = await testApp();
  await app.write({
    "package.json": `{ "hadron": { "external": ["other"], "bundle": ["plain"] } }`,
    "app.ts": `import other from "other"; import plain from "plain"; import reads from "reads"; console.log(JSON.stringify([other, plain, reads]));`,
    "node_modules/other/package.json": manifest("other"),
    "node_modules/other/main.js": `module.exports = "other";`,
    "node_modules/plain/package.json": manifest("plain"),
    "node_modules/plain/main.js": `module.exports = "plain";`,
    "node_modules/reads/package.json": manifest("reads"),
    "node_modules/reads/main.js": `module.exports = typeof __dirname;`,
  });
  const layout = await app.layout("app.ts", { packages: { external: ["plain"], bundle: ["reads"] } });
  expect(await app.execute(layout)).toEqual(["other", "plain", "string"]);
  const why = Object.fromEntries(describeLayout(layout).map(({ path, because }) => [path, because]));
  expect(why).toMatchObject({
    "app.mjs": "the app's own code; reads: run() says bundle",
    "files/node_modules/other/main.js": "package.json says external",
    "files/node_modules/plain/main.js": "run() says external",
  });
  expect(Object.keys(why)).not.toContain("files/node_modules/reads/main.js");
});

test.each([
  ["./lib.ts", `run(…) says external: "./lib.ts", which is no package's name`],
  ["@scope/part/deep", `which is no package's name. Name the package: "@scope/part".`],
  ["fs", `which is Node's own, and everywhere`],
  ["node:fs", `which is Node's own, and everywhere`],
  ["absent", `which is not installed in`],
])("a name that is no package's is told: %s", async (name, message) => {
  await using app = await testApp();
  await app.write({ "app.ts": "console.log(1);" });
  await expect(app.layout("app.ts", { packages: { external: [name] } })).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining(message),
  });
});

test("one package cannot be both, and one that loads its addon cannot be bundled", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `import native from "native"; console.log(JSON.stringify(native));`,
    "node_modules/native/package.json": manifest("native"),
    "node_modules/native/main.js": `module.exports = require("./it.node");`,
    "node_modules/native/it.node": "",
  });
  await expect(app.layout("app.ts", { packages: { external: ["native"], bundle: ["native"] } })).rejects.toThrow(
    `run(…) names "native" in both lists`,
  );
  await expect(app.layout("app.ts", { packages: { bundle: ["native"] } })).rejects.toThrow(
    `"native" has a native addon, which is in no bundle (run() says bundle)`,
  );
});

test("secrets are in the environment before a package outside of the bundle reads it", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `import key from "reads"; console.log(JSON.stringify(key));`,
    "secrets.json": `{ "API_KEY": "s3cret" }`,
    "node_modules/reads/package.json": manifest("reads"),
    "node_modules/reads/main.js": `module.exports = process.env.API_KEY; exports.place = () => __dirname;`,
  });
  expect(await app.execute(await app.layout(), { HADRON_SECRETS_FILE: `${app.root} away/secrets.json` })).toBe(
    "s3cret",
  );
});

test("a source that is too large to be looked through finds the packages that it names", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `import large from "large"; console.log(JSON.stringify(large));`,
    "node_modules/large/package.json": manifest("large", { dependencies: { named: "1", unnamed: "1" } }),
    "node_modules/large/main.js": `/*${" ".repeat(500_000)}*/ __dirname; module.exports = require("named");`,
    "node_modules/named/package.json": manifest("named"),
    "node_modules/named/main.js": `module.exports = require("./part.js");`,
    "node_modules/named/part.js": `module.exports = "part";`,
    "node_modules/unnamed/package.json": manifest("unnamed"),
    "node_modules/unnamed/main.js": "",
  });
  const layout = await app.layout();
  expect(await app.execute(layout)).toBe("part");
  expect(pathsOf(layout, "packages").filter((path) => path.includes("unnamed"))).toEqual([]);
});
