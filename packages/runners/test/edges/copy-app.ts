import { randomBytes } from "node:crypto";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Packages as people publish them, each of which wants something else of the place where it runs. */
const PACKAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "reads-own-files": {
    "main.js": `exports.text = () => require("fs").readFileSync(__dirname + "/data/a.txt", "utf8");`,
    "data/a.txt": "its own",
  },
  "starts-worker": {
    "main.js": `
      const { Worker } = require("worker_threads");
      exports.ask = (n) => new Promise((resolve, reject) => {
        const worker = new Worker(require("path").join(__dirname, "worker.js"), { workerData: n });
        worker.once("message", resolve).once("error", reject);
      });`,
    "worker.js": `const { parentPort, workerData } = require("worker_threads"); parentPort.postMessage(workerData + 1);`,
  },
  "asks-its-place": {
    "package.json": `{ "type": "module", "exports": { ".": "./main.mjs", "./package.json": "./package.json" } }`,
    "main.mjs": `
      import { readFileSync } from "node:fs";
      import { createRequire } from "node:module";
      const require = createRequire(import.meta.url);
      export default () => JSON.parse(readFileSync(require.resolve("asks-its-place/package.json"), "utf8")).name;`,
  },
  "requires-computed": {
    "main.js": `exports.load = (name) => require("./parts/" + name + ".js");`,
    "parts/one.js": "module.exports = 1;",
    "parts/two.js": "module.exports = 2;",
  },
  "has-effects": {
    "package.json": `{ "sideEffects": false }`,
    "main.js": `require("./effect.js"); module.exports = () => globalThis.hadEffect;`,
    "effect.js": "globalThis.hadEffect = true;",
  },
  "has-optional-parts": {
    "main.js": `
      exports.asked = () => require("driver-that-nobody-installed");
      let tried; try { tried = require("other-that-nobody-installed"); } catch { tried = "without it"; }
      exports.tried = () => tried;
      exports.guarded = () => { if (process.env.WITH_DRIVER) return require("third-that-nobody-installed"); return "not asked"; };`,
  },
};

const FUNCTIONS = 15_000;

/** More than a megabyte of source, each function of which knows its own line. */
function largeSource(): string {
  const lines = Array.from(
    { length: FUNCTIONS },
    (_, n) => `function place${n}(): Error { return new Error("place ${n} of a large source"); }`,
  );
  const some = Array.from({ length: 100 }, (_, n) => `place${Math.floor(((n + 1) * FUNCTIONS) / 100) - 1}`);
  return `${lines.join("\n")}
export const places = [${some.join(", ")}];
export function fail(): never { throw new Error("an ordinary error"); }
export const all = () => [${Array.from({ length: FUNCTIONS }, (_, n) => `place${n}`).join(", ")}];
`;
}

/** The app in a folder of its own, with what would be too much to keep in a repository: packages, and a large source. */
export async function copyApp(): Promise<AsyncDisposable & { readonly entry: string }> {
  const folder = join(import.meta.dirname, `.tmp-${randomBytes(4).toString("hex")}`);
  await cp(join(import.meta.dirname, "app"), folder, { recursive: true });
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  for (const [name, { "package.json": said = "{}", ...files }] of Object.entries(PACKAGES)) {
    const described = { name, version: "1.0.0", main: "main.js", ...JSON.parse(said) };
    await write(`node_modules/${name}/package.json`, JSON.stringify(described));
    for (const [path, text] of Object.entries(files)) await write(`node_modules/${name}/${path}`, text);
  }
  await write("large/größe.ts", largeSource());
  return {
    entry: join(folder, "app.ts"),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
