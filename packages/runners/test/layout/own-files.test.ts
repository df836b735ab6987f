import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeLayout } from "../../src/layout/index.ts";
import { pathsOf, testApp } from "./app.ts";

test("files that the app's own code reads go along, by whichever way it names them", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `
      import { readFileSync } from "node:fs";
      import { readFile } from "node:fs/promises";
      import { join } from "node:path";
      import { shared } from "./lib/shared.ts";
      const page = (name: string) => readFileSync(join(import.meta.dirname, "pages", name), "utf8");
      const said = [
        await readFile(new URL("./by-url.txt", import.meta.url), "utf8"),
        readFileSync(\`\${import.meta.dirname}/by-dirname.txt\`, "utf8"),
        await readFile("by-cwd.txt", "utf8"),
        page("one.html"),
        shared,
      ];
      console.log(JSON.stringify(said));`,
    "lib/shared.ts": `import { readFileSync } from "node:fs"; export const shared = readFileSync(new URL("../above.txt", import.meta.url), "utf8");`,
    "by-url.txt": "url",
    "by-dirname.txt": "dirname",
    "by-cwd.txt": "cwd",
    "pages/one.html": "one",
    "pages/two.html": "two",
    "above.txt": "above",
    "not-read.txt": "secret",
  });
  const layout = await app.layout();
  expect(await app.execute(layout)).toEqual(["url", "dirname", "cwd", "one", "above"]);
  expect(pathsOf(layout, "files")).toEqual(
    ["above.txt", "by-cwd.txt", "by-dirname.txt", "by-url.txt", "pages/one.html", "pages/two.html"].map(
      (path) => `files/${path}`,
    ),
  );
  expect(layout.entries.find(({ path }) => path === "files/above.txt")?.because).toBe("read by lib/shared.ts");
});

test("workers and forks are compiled, enums too, and what they read goes along", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `
      import { fork } from "node:child_process";
      import { once } from "node:events";
      import { Worker } from "node:worker_threads";
      const worker = new Worker(new URL("./jobs/worker.ts", import.meta.url), { workerData: 20 });
      const [counted] = await once(worker, "message");
      const child = fork(\`\${import.meta.dirname}/child.ts\`);
      child.send(4);
      const [squared] = await once(child, "message");
      child.disconnect();
      console.log(JSON.stringify([counted, squared]));`,
    "jobs/worker.ts": `
      import { readFileSync } from "node:fs";
      import { parentPort, workerData } from "node:worker_threads";
      import { Step } from "../step.ts";
      const text = readFileSync(new URL("./table.txt", import.meta.url), "utf8");
      parentPort!.postMessage([workerData + Step.One, text, import.meta.main]);`,
    "jobs/table.txt": "table",
    "step.ts": "export enum Step { Zero, One }",
    "child.ts": `
      import { Step } from "./step.ts";
      process.on("message", (n: number) => process.send!(n * n + Step.One));`,
  });
  expect(await app.execute(await app.layout())).toEqual([[21, "table", true], 17]);
});

test("an app file may be its own worker", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `
      import { once } from "node:events";
      import { isMainThread, parentPort, Worker } from "node:worker_threads";
      if (isMainThread) {
        const [said] = await once(new Worker(new URL(import.meta.url)), "message");
        console.log(JSON.stringify(said));
      } else parentPort!.postMessage("from the other side");`,
  });
  expect(await app.execute(await app.layout())).toBe("from the other side");
});

test("a library of the workspace brings its files, and packages of both are found from where they are", async () => {
  await using app = await testApp();
  await app.write({
    "pnpm-workspace.yaml": "packages: ['*']",
    "shop/app.ts": `
      import { readFileSync } from "node:fs";
      import { words } from "words";
      console.log(JSON.stringify([words, readFileSync("./own.txt", "utf8"), readFileSync("../declared/a.txt", "utf8")]));`,
    "shop/own.txt": "own",
    "shop/node_modules/words": "-> ../../words",
    "words/package.json": `{ "name": "words", "exports": "./index.ts" }`,
    "words/index.ts": `import { readFileSync } from "node:fs"; export const words = readFileSync(import.meta.dirname + "/words.txt", "utf8");`,
    "words/words.txt": "one two",
    "declared/a.txt": "declared",
  });
  const layout = await app.layout("shop/app.ts", { services: [{ name: "shop", files: ["../declared"] }] });
  expect(await app.execute(layout)).toEqual(["one two", "own", "declared"]);
  await expect(app.layout("shop/app.ts", { services: [{ name: "shop", files: ["../../outside"] }] })).rejects.toThrow(
    /there is no/,
  );
  await mkdir(join(app.root, "../outside"));
  await writeFile(join(app.root, "../outside/x"), "");
  await expect(
    app.layout("shop/app.ts", { services: [{ name: "shop", files: ["../../outside"] }] }),
  ).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining(`"../../outside" is outside of ${app.root}, the workspace of the app`),
  });
});

test(".env goes along where the app loads it, and nowhere else", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `process.loadEnvFile(); console.log(JSON.stringify(process.env.COLOR));`,
    "other.ts": `console.log("1");`,
    ".env": "COLOR=red",
  });
  expect(await app.execute(await app.layout())).toBe("red");
  expect(pathsOf(await app.layout("other.ts"), "files")).toEqual([]);
});

test("what changes a file that goes along changes the layout, and nothing else does", async () => {
  await using app = await testApp();
  await app.write({ "app.ts": `import { readFileSync } from "node:fs"; readFileSync("a.txt");`, "a.txt": "1" });
  const first = (await app.layout()).hash;
  await app.write({ "b.txt": "1" });
  expect((await app.layout()).hash).toBe(first);
  await app.write({ "a.txt": "2" });
  expect((await app.layout()).hash).not.toBe(first);
});

test("of the system's files nothing goes along, though the app reads them", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `
      import { readdirSync, readFileSync } from "node:fs";
      const stat = (pid: number) => readFileSync(\`/proc/\${pid}/stat\`, "utf8");
      console.log(JSON.stringify([stat(process.pid) !== "", readdirSync("/etc").length > 0, readFileSync("/etc/hosts", "utf8") !== ""]));`,
  });
  const layout = await app.layout();
  expect(await app.execute(layout)).toEqual([true, true, true]);
  expect(pathsOf(layout, "files")).toEqual([]);
});

test("what goes along is told with its size, its layer and the reason", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `import { readFileSync } from "node:fs"; import reads from "reads"; console.log(readFileSync("a.txt"), reads);`,
    "a.txt": "12345",
    "node_modules/reads/package.json": `{ "name": "reads", "main": "main.js" }`,
    "node_modules/reads/main.js": "module.exports = __dirname;",
  });
  const told = describeLayout(await app.layout());
  expect(told).toContainEqual({ path: "files/a.txt", bytes: 5, layer: "files", because: "read by app.ts" });
  const main = { path: "files/node_modules/reads/main.js", bytes: 27, layer: "packages" };
  expect(told).toContainEqual({ ...main, because: "it reads files of its own" });
  expect(told.find(({ path }) => path === "app.mjs")).toMatchObject({ layer: "app", because: "the app's own code" });
});
