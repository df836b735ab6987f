import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { openHost } from "@hadron/core/cli/shared";
import type { Program } from "@hadron/core/spi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRunner } from "../../src/docker/index.ts";
import { listLeft, openTestEngine, quiet, skip, uniqueApp } from "./engine.ts";
import { createTemporaryApp, freePort, type TemporaryApp } from "./temporary-app.ts";

const app = uniqueApp("features");
const runner = createRunner({ flags: {}, explicitApp: false, env: process.env });
const type = promisify(execFile);

/** An app of everything that an image and a container can be asked for. */
const source = (version: number) => `
import { readFileSync, writeFileSync, existsSync } from "node:fs";
import native from "native-thing";
const small = { capacity: { memoryMiB: 128 }, limits: { drainMs: 1000 } };
const page = \`require("node:net").createServer((s) => s.on("error", () => {}).end("from the image, with " + (process.env.WORD ?? "") + require("node:fs").readFileSync("/run/secrets/PASS", "utf8"))).listen(6000, () => console.log("image listens"))\`;
export const store = service("store", shard(2, service("cell", {
  put: ({ value }: { key: string; value: string }) => writeFileSync("data/value", value),
  get: (_: { key: string }) => (existsSync("data/value") ? readFileSync("data/value", "utf8") : null),
}, { storage: { path: "data" }, ...small }), { by: (input) => input.key }), small);
export const other = service("other", image(${JSON.stringify(process.env.HADRON_BASE_IMAGE ?? "node:24-slim")}, { args: ["node", "-e", page], port: 6000 }),
  { env: { WORD: "a word, " }, secrets: ["PASS"], capacity: { memoryMiB: 64 } });
export const asker = service("asker", {
  other: async () => {
    const { connect } = await import("node:net");
    let text = "";
    for await (const chunk of connect(6000, "other").setEncoding("utf8")) text += chunk;
    return text;
  },
  files: () => [readFileSync("texts/a.txt", "utf8"), readFileSync("one.txt", "utf8")],
  native: () => native,
  version: () => ${version},
  where: () => { try { writeFileSync("/app/x", ""); return "writable"; } catch (error) { return (error as NodeJS.ErrnoException).code; } },
  who: () => [process.getuid!(), existsSync("/tmp") && (writeFileSync("/tmp/x", "y"), true)],
  fail: () => { throw new Error(new Error("here").stack!.split("\\n")[1]!.trim()); },
}, { files: ["texts", "one.txt"], ...small });
`;

describe.skipIf(skip !== undefined)(
  `an app on an engine${skip === undefined ? "" : ` (${skip})`}`,
  { timeout: 120_000 },
  () => {
    let file: TemporaryApp;
    let program: Program;
    const names = ["store", "other", "asker"];
    const secrets = { PASS: "a secret" };
    beforeAll(async () => {
      file = await createTemporaryApp(app);
      await write({
        "texts/a.txt": "a text",
        "one.txt": "one",
        "node_modules/native-thing/package.json": JSON.stringify({
          name: "native-thing",
          main: "index.js",
          dependencies: { helper: "1" },
        }),
        "node_modules/native-thing/binding.gyp": "{}",
        "node_modules/native-thing/index.js": 'module.exports = "native, " + require("helper");',
        "node_modules/helper/package.json": JSON.stringify({ name: "helper", main: "index.js" }),
        "node_modules/helper/index.js": 'module.exports = "with help";',
      });
      program = await file.write(source(1), names, secrets);
      await runner.apply(program, quiet);
    }, 120_000);
    afterAll(async () => {
      await runner.delete(app, { data: true }, quiet);
      await file[Symbol.asyncDispose]();
    }, 60_000);

    async function write(files: Readonly<Record<string, string>>): Promise<void> {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(file.folder, path)), { recursive: true });
        await writeFile(join(file.folder, path), text);
      }
    }
    async function call(service: string, procedure: string, input?: unknown): Promise<unknown> {
      await using connected = await runner.connect(app, quiet);
      const host = await openHost(app, connected.directory);
      try {
        return await host.call(service, procedure, input, { timeoutMs: 20_000 });
      } finally {
        host.close();
      }
    }

    test("takes files along, and packages that cannot be bundled, with what they need", async () => {
      expect(await call("asker", "files")).toEqual(["a text", "one"]);
      expect(await call("asker", "native")).toBe("native, with help");
    });

    test("runs as nobody in particular, on a file system that it cannot change, with a /tmp", async () => {
      expect(await call("asker", "where")).toBe("EROFS");
      expect(await call("asker", "who")).toEqual([1000, true]);
    });

    test("shows the user's own lines in a stack trace", async () => {
      await expect(call("asker", "fail")).rejects.toThrow(/\/app\/(?:files|tree\/.*)\/app\.ts:\d+:\d+/);
    });

    test("has any other image as a service: found by its name, with its secrets as files, logged", async () => {
      expect(await call("asker", "other")).toBe("from the image, with a word, a secret");
      const lines = await Array.fromAsync(runner.logs(app, { service: "other", follow: false }, quiet));
      expect(lines).toMatchObject([{ service: "other", replica: "other.0", line: "image listens" }]);
      const { services } = await runner.status(app, quiet);
      expect(services.find((one) => one.name === "other")?.replicas).toMatchObject([
        { name: "other.0", state: "ready" },
      ]);
    });

    test("keeps what a shard has stored when its code is replaced and when it is scaled away and back", async () => {
      for (const key of ["a", "b", "c", "d", "e"]) await call("store", "put", { key, value: "kept" });
      await runner.apply(await file.write(source(2), names, secrets), quiet);
      expect(await call("asker", "version")).toBe(2);
      expect(await call("store", "get", { key: "a" })).toBe("kept");
      await runner.scale(app, "cell", 1, quiet);
      await runner.scale(app, "cell", 3, quiet);
      for (const key of ["a", "b", "c", "d", "e"])
        expect(["kept", null]).toContain(await call("store", "get", { key }));
      await runner.apply(await file.write(source(1), names, secrets), quiet);
      for (const key of ["a", "b", "c", "d", "e"]) expect(await call("store", "get", { key })).toBe("kept");
    });

    test("is not touched by another project's file of the same app name, unless it says so", async () => {
      const theirs = await file.write('export const checkout = service("checkout", () => 1);', ["checkout"]);
      await expect(runner.apply(theirs, quiet)).rejects.toMatchObject({
        code: "WRONG_USE",
        message: expect.stringContaining(`--app=${app}`),
      });
      expect(await call("asker", "files")).toEqual(["a text", "one"]);
    });

    test("runs under docker-compose from what export writes, without us", async (context) => {
      const compose = await type("docker-compose", ["--version"]).catch(() => undefined);
      if (compose === undefined) return context.skip("docker-compose is not installed");
      await runner.delete(app, { data: true }, quiet);
      const port = await freePort();
      const exposed = source(1).replace("}, { files:", `}, { expose: { port: ${port} }, files:`);
      const text = await runner.export(await file.write(exposed, names, secrets), quiet);
      expect(text).not.toContain("a secret");
      const path = join(file.folder, "compose.yaml");
      await writeFile(path, text.replaceAll("/run/secrets/PASS", "/dev/null"));
      const options = { env: { ...process.env, PASS: "a secret" } };
      try {
        await type("docker-compose", ["-p", app, "-f", path, "up", "-d"], options);
        const body = JSON.stringify({ jsonrpc: "2.0", method: "files", id: 1 });
        const ask = () =>
          fetch(`http://127.0.0.1:${port}`, { method: "POST", headers: { "content-type": "application/json" }, body })
            .then((answer) => answer.json() as Promise<{ result?: unknown }>)
            .catch(() => undefined);
        let answer = await ask();
        while (answer?.result === undefined) answer = await ask();
        expect(answer.result).toEqual(["a text", "one"]);
      } finally {
        await type("docker-compose", ["-p", app, "-f", path, "down", "-v"], options);
      }
    });

    test("leaves nothing: no container, network, volume or image", async () => {
      await runner.apply(await file.write(source(1), names, secrets), quiet);
      expect(await runner.delete(app, { data: true }, quiet)).toEqual({ left: [], kept: [] });
      expect(await listLeft(app)).toEqual([]);
      await using engine = await openTestEngine();
      const { Volumes } = await engine.get<{ Volumes: { Name: string }[] | null }>("/volumes");
      expect((Volumes ?? []).filter((one) => one.Name.startsWith(`${app}.`))).toEqual([]);
    });
  },
);
