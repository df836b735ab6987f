import { fileURLToPath } from "node:url";
import { openHost } from "@hadron/core/cli/shared";
import type { RunContext, Runner } from "@hadron/core/spi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, toProgram } from "../src/suite.ts";

export interface Edges {
  readonly createRunner: () => Runner | Promise<Runner>;
  readonly app: string;
  readonly skip?: string | undefined;
}

const context: RunContext = { signal: new AbortController().signal, progress: { step() {}, note() {} } };
const ENTRY = fileURLToPath(new URL("./fixtures/edges.ts", import.meta.url));

/** Proves that what works on a laptop works under this runner: one app, deployed once, with the edges of many. */
export function describeEdges(name: string, { createRunner, app, skip }: Edges): void {
  describe.skipIf(skip !== undefined)(`edges of ${name}`, { timeout: 120_000 }, () => {
    let runner: Runner;
    let end = async () => {};

    beforeAll(async () => {
      process.env.EDGES_MODE = "prod";
      const exported: Record<string, unknown> = await import("./fixtures/edges.ts");
      delete process.env.EDGES_MODE;
      runner = await createRunner();
      const { attached } = await runner.apply(toProgram(ENTRY, app, Object.values(exported)), context);
      end = async () => {
        await attached?.[Symbol.asyncDispose]();
        if (attached === undefined) await runner.delete(app, { data: true }, context);
      };
    }, 180_000);
    afterAll(() => end(), 120_000);

    const call = async (service: string, procedure: string, input?: unknown): Promise<unknown> => {
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

    test("texts, configuration and names arrive as declared", async () => {
      expect(await call("constructor", "toString")).toEqual(["$$5", "$(HADRON_APP)/x", "$(PRICE)", "a"]);
      expect(await call("edge", "mode")).toBe("prod");
      expect(await call("edge", "classes")).toEqual(["Item", "NotFound"]);
    });

    test("what cannot cross is refused by name, and what is thrown is an answer", async () => {
      for (const value of ["iterator", "params", "number"]) {
        await expect(call("edge", "value", value)).rejects.toMatchObject({ code: "INVALID_OUTPUT" });
      }
      expect(await call("edge", "value", "map")).toEqual(new Map([["a", 1]]));
      await expect(call("edge", "nothing")).rejects.toMatchObject({ code: "HANDLER_FAILED" });
    });

    test("the log has causes, parts and fields, and lines of any length", async () => {
      await expect(call("edge", "cause")).rejects.toThrow("could not load");
      await expect(call("edge", "object")).rejects.toThrow("duplicate key");
      await call("edge", "log");
      await call("edge", "talk", 20_000);
      expect(await logged("edge", (line) => line.includes("could not load"))).toContain("ECONNREFUSED db:5432");
      expect(await logged("edge", (line) => line.includes("duplicate key"))).toContain("23505");
      const real = JSON.parse(await logged("edge", (line) => line.includes('"message":"real"')));
      expect(real).toMatchObject({ level: "info", fields: { time: "user's" }, error: { message: "lost" } });
      expect(await logged("edge", (line) => line.startsWith("LLL"))).toBe(`${"L".repeat(20_000)}END`);
    });

    test("a replica that hangs is started again", async () => {
      await expect(call("hang", "loop")).rejects.toThrow();
      await eventually(async () => {
        const { services } = await runner.status(app, context);
        const [replica] = services.find((service) => service.name === "hang")?.replicas ?? [];
        return replica?.state === "ready" && replica.restarts > 0 ? true : undefined;
      }, 250);
      expect(await call("hang", "ok")).toBe("ok");
    });
  });
}
