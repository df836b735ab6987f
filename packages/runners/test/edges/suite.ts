import { spawn } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { openHost } from "@hadron/core/cli/shared";
import type { RunContext, Runner } from "@hadron/core/spi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, toProgram } from "../../src/suite.ts";
import { HOLLOW, HOSTILE, WHOLE, WHOLE_AS_JSON } from "./app/values.ts";
import { copyApp } from "./copy-app.ts";

export interface Edges {
  readonly createRunner: () => Runner | Promise<Runner>;
  readonly app: string;
  readonly skip?: string | undefined;
  /** How a command line reaches the same. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const context: RunContext = { signal: new AbortController().signal, progress: { step() {}, note() {} } };
const TSX = fileURLToPath(new URL("../../../../node_modules/tsx/dist/cli.mjs", import.meta.url));
/** What configures the app, on the machine that deploys it alone. */
const SAID = { EDGES_MODE: "prod", EDGES_LEVEL: "3" };
/** What traces may cost: a map of this app, read as a whole, is some forty megabytes. */
const TRACES_BYTES = 8e6;

/**
 * Proves that what works on a laptop works under this runner: one app, deployed once, with the edges of many. A test a
 * kind; each has several members of it. What the kinds are made of is tested without a runner, too:
 *
 * | kind | here | without a runner |
 * |---|---|---|
 * | texts of variables and arguments, as declared | `texts`, `told` | docker/compose/file, kubernetes/manifests |
 * | configuration from the deployer's environment | `configured` | layout/check, local/supervision |
 * | names of classes and functions | `classes` | bundle/kept |
 * | names that JavaScript has, too | a service `constructor` | core: values/own |
 * | objects that are hollow when they are sent | `hollow`, `whole` | core: values/unsendable, values/json-form |
 * | anything thrown | `beside` | core: serve/thrown |
 * | causes, parts and fields in the log | `cause`, `many`, `nested`, `object`, `log` | core: serve/log |
 * | long lines | `talk` | shared/lines, docker/engine/frames |
 * | hanging | `hang`, `hang.turns`, `hang.asleep` | local/supervision |
 * | handles that stay open | the app file's own | core: cli/e2e/ends |
 * | packages with files, workers, places, optional parts | `packages` | layout/packages, layout/own-files, bundle/kept |
 * | real packages | | layout/people-use, layout/{npm,pnpm}-use.long: in a replica's folder, and in a container |
 * | the price of a stack trace | `large` | bundle/lines |
 */
export function describeEdges(name: string, { createRunner, app, skip, words, env }: Edges): void {
  describe.skipIf(skip !== undefined)(`edges of ${name}`, { timeout: 120_000 }, () => {
    let runner: Runner;
    let entry: string;
    const ends: (() => unknown)[] = [];

    beforeAll(async () => {
      const copy = await copyApp();
      ends.push(() => copy[Symbol.asyncDispose]());
      entry = copy.entry;
      Object.assign(process.env, SAID);
      const exported: Record<string, unknown> = await import(pathToFileURL(entry).href);
      for (const name of Object.keys(SAID)) delete process.env[name];
      runner = await createRunner();
      ends.push(() => runner.delete(app, { data: true }, context));
      const { attached } = await runner.apply(toProgram(entry, app, Object.values(exported)), context);
      if (attached !== undefined) ends.push(() => attached[Symbol.asyncDispose]());
    }, 180_000);
    afterAll(async () => {
      for (const end of ends.toReversed()) await end();
    }, 120_000);

    const call = async (service: string, procedure: string, input?: unknown): Promise<any> => {
      await using connected = await runner.connect(app, context);
      const host = await openHost(app, connected.directory);
      try {
        return await host.call(service, procedure, input, { timeoutMs: 15_000 });
      } finally {
        host.close();
      }
    };
    const logged = (service: string, find: (line: string) => boolean) =>
      eventually(async () => {
        const lines = await Array.fromAsync(runner.logs(app, { service, follow: false }, context));
        return lines.map(({ line }) => line).find(find);
      }, 200);

    test("texts and configuration arrive as declared, in variables and in arguments", async () => {
      expect(await call("constructor", "toString")).toEqual([
        ...["$$5", "$(HADRON_APP)/x", "$(PRICE)", "a\nb\t\\n", `"'\`#{x}%s`, "", "größe 🎉", "a"],
      ]);
      expect(await call("edge", "mode")).toEqual(["prod", `{"mode":"prod","level":3}`, "production"]);
      expect(await call("edge", "arguments")).toEqual([
        ...["--requirepass", "pa$$word-$HOME-$(PATH)", "$" + "{HOME:?}", "a b'c\"d"],
      ]);
    });

    test("classes and functions are called as in the source", async () => {
      expect(await call("edge", "classes")).toEqual(["Item", "NotFound", "Order", "Money", "Money", "keys"]);
    });

    test("what cannot cross is refused by name, and all else arrives as it was", async () => {
      for (const value of Object.keys(HOLLOW)) {
        await expect(call("edge", "hollow", value), value).rejects.toMatchObject({ code: "INVALID_OUTPUT" });
      }
      for (const [value, make] of Object.entries(WHOLE)) expect(await call("edge", "whole", value)).toEqual(make());
    });

    test("what leaves the app as JSON has its form there, or is refused by name", async () => {
      const typed = (...more: string[]) =>
        type([entry, "call", "edge", ...more, `--app=${app}`, ...words], { ...env, ...SAID });
      const [all, hollow] = await Promise.all([typed("all"), typed("hollow", '"params"')]);
      expect(JSON.parse(all.out)).toEqual(WHOLE_AS_JSON);
      expect(hollow).toMatchObject({ status: 1, out: "" });
      const { services } = await runner.status(app, context);
      const endpoint = services.find((service) => service.name === "edge")?.endpoint ?? null;
      // A cluster has an address where it has an ingress.
      if (endpoint === null) return expect(words).toEqual(["--runner=kubernetes"]);
      const ask = async (method: string, params?: unknown) => {
        const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, ...(params === undefined ? {} : { params }) });
        return (
          await fetch(endpoint, { method: "POST", headers: { "content-type": "application/json" }, body })
        ).json();
      };
      expect(await ask("all")).toMatchObject({ result: WHOLE_AS_JSON });
      expect(await ask("hollow", ["params"])).toMatchObject({ error: { data: { code: "INVALID_OUTPUT" } } });
    });

    test("whatever is thrown is an answer, and calls beside it go on", async () => {
      for (const kind of Object.keys(HOSTILE)) {
        expect(await call("edge", "beside", kind)).toEqual({ bad: ["HANDLER_FAILED", "HANDLER_FAILED"], slow: "done" });
      }
    });

    test("the log has causes, parts and fields", async () => {
      const said = {
        cause: ["could not load", "ECONNREFUSED db:5432"],
        many: ["all failed", "first", "second"],
        nested: ["could not start", "refused", "db.internal"],
        object: ["duplicate key", "23505"],
      };
      for (const [procedure, [message = "", ...parts]] of Object.entries(said)) {
        await expect(call("edge", procedure)).rejects.toThrow(message);
        const line = await logged("edge", (line) => line.includes(message));
        for (const part of parts) expect(line).toContain(part);
      }
      await call("edge", "log");
      const real = JSON.parse(await logged("edge", (line) => line.includes('"message":"real"')));
      expect(real).toMatchObject({ level: "info", fields: { time: "user's" }, error: { message: "lost" } });
    });

    test("lines are as they were written, whatever pieces they come in", async () => {
      const lines = [
        ["L", 20_000],
        ["M", 16_384],
        ["ß", 40_001],
      ] as const;
      await call("edge", "talk", lines);
      for (const [letter, count] of lines) {
        expect(await logged("edge", (line) => line.startsWith(letter))).toBe(`${letter.repeat(count)}END`);
      }
    });

    test("packages find their files, workers and places; what is optional is told missing when it is asked for", async () => {
      expect(await call("packages", "files")).toBe("its own");
      expect(await call("packages", "worker")).toBe(21);
      expect(await call("packages", "place")).toBe("asks-its-place");
      expect(await call("packages", "computed")).toBe(2);
      expect(await call("packages", "effect")).toBe(true);
      expect(await call("packages", "driver", "asked")).toBe("MODULE_NOT_FOUND");
      expect(await call("packages", "driver", "tried")).toBe("without it");
      expect(await call("packages", "driver", "guarded")).toBe("not asked");
    });

    test("stack traces of a large app cost little, and show paths as people write them", async () => {
      await expect(call("large", "fail")).rejects.toMatchObject({ code: "HANDLER_FAILED" });
      expect(await call("large", "cost")).toBeLessThan(TRACES_BYTES);
      expect(await call("large", "where")).toContain("large/größe.ts:15000:");
      const { services } = await runner.status(app, context);
      expect(services.find((service) => service.name === "large")?.replicas).toMatchObject([{ restarts: 0 }]);
    });

    test("verbs end when they are done, whatever the file holds open", async () => {
      const run = (verb: readonly string[]) => type([entry, ...verb, `--app=${app}`, ...words], { ...env, ...SAID });
      const [described, status, called, planned] = await Promise.all(
        [["describe"], ["status", "--json"], ["call", "hang", "ok"], ["plan", "--json"]].map(run),
      );
      expect([described?.status, status?.status, called?.status, planned?.status]).toEqual([0, 0, 0, 0]);
      expect(called?.out).toBe('"ok"\n');
      expect(JSON.parse(planned?.out ?? "")).toEqual({ changes: [] });
      expect(JSON.parse(status?.out ?? "").services).toHaveLength(10);
    });

    test("a replica that hangs is started again, in whatever way it hangs", async () => {
      const hanging = ["hang", "hang.turns", "hang.asleep"];
      await Promise.all(hanging.map((service) => expect(call(service, "loop")).rejects.toThrow()));
      const again = await eventually(async () => {
        const { services } = await runner.status(app, context);
        const replicas = services.filter(({ name }) => hanging.includes(name)).flatMap((service) => service.replicas);
        return replicas.every(({ state, restarts }) => state === "ready" && restarts > 0) ? replicas : undefined;
      }, 250);
      for (const { reason } of again) expect(reason).toContain("hung");
      for (const service of hanging) expect(await call(service, "ok")).toBe("ok");
    });

    // Under the local runner these are one process, which this is.
    if (words.some((word) => word.startsWith("--runner="))) {
      test("so do those that change what is deployed", async () => {
        const run = (verb: string) => type([entry, verb, `--app=${app}`, ...words], { ...env, ...SAID });
        expect(await run("up")).toMatchObject({ status: 0 });
        expect(await run("delete")).toMatchObject({ status: 0 });
        expect((await runner.status(app, context)).services).toEqual([]);
      });
    }
  });
}

/** Types a command, and waits until its process has ended by itself. */
function type(words: readonly string[], env: NodeJS.ProcessEnv): Promise<{ status: number | null; out: string }> {
  const child = spawn(process.execPath, [TSX, ...words], { env, stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, out })));
}
