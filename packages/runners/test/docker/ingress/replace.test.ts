import { afterAll, describe, expect, test } from "vitest";
import { createRunner } from "../../../src/docker/index.ts";
import { openTestEngine, quiet, skip, uniqueApp } from "../engine.ts";
import { callByHttp, startLoad } from "../steady-load.ts";
import { createTemporaryApp, freePort } from "../temporary-app.ts";

const app = uniqueApp("ingress");
const runner = createRunner({ flags: {}, explicitApp: false, env: process.env });
const CALLS_PER_SECOND = 50;

describe.skipIf(skip !== undefined)(
  `an ingress with callers that call all the time${skip === undefined ? "" : ` (${skip})`}`,
  { timeout: 240_000 },
  () => {
    afterAll(() => runner.delete(app, { data: true }, quiet), 60_000);

    test("D8: gets another program behind the same port, in the same container, and fails no call", async () => {
      await using file = await createTemporaryApp(app);
      const port = await freePort();
      const source = (version: number, maxInput: number) => `
      const options = { capacity: { memoryMiB: 128 }, limits: { drainMs: 5000, inputBytes: ${maxInput} } };
      export const greet = service("greet", () => "v${version}", { ...options, replicas: 2, expose: { port: ${port} } });`;
      await runner.apply(await file.write(source(1, 1_000_000), ["greet"]), quiet);
      await using engine = await openTestEngine();
      const door = async () => (await engine.get<{ Id: string }>(`/containers/${app}.greet.ingress/json`)).Id;
      const before = await door();

      const kept = callByHttp(port, "greet", null);
      const fresh = callByHttp(port, "greet", null, { keepAlive: false });
      const loads = [startLoad(CALLS_PER_SECOND, kept.call), startLoad(CALLS_PER_SECOND, fresh.call)];
      try {
        const second = await file.write(source(2, 2_000_000), ["greet"]);
        const { changes } = await runner.plan(second, quiet);
        expect(changes).toContainEqual({
          action: "update",
          kind: "container",
          name: `${app}.greet.ingress`,
          because: "its limits or its target changed",
        });
        await runner.apply(second, quiet);
        expect((await runner.plan(second, quiet)).changes).toEqual([]);
      } finally {
        for (const load of loads) {
          const outcome = await load.stop();
          expect(outcome.failures).toEqual([]);
          expect(outcome.answers).toBeGreaterThan(CALLS_PER_SECOND);
        }
        kept.close();
        fresh.close();
      }
      expect(await callByHttp(port, "greet", null).call()).toBe("v2");
      expect(await door()).toBe(before);
    });
  },
);
