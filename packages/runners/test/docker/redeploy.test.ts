import { afterAll, describe, expect, test } from "vitest";
import { createRunner } from "../../src/docker/index.ts";
import { quiet, skip, uniqueApp } from "./engine.ts";
import { callByHttp, callByLabel, startLoad } from "./steady-load.ts";
import { createTemporaryApp, freePort } from "./temporary-app.ts";

const app = uniqueApp("redeploy");
const runner = createRunner({ flags: {}, explicitApp: false, env: process.env });
const CALLS_PER_SECOND = 200;

describe.skipIf(skip !== undefined)(
  `with clients that call all the time${skip === undefined ? "" : ` (${skip})`}`,
  { timeout: 240_000 },
  () => {
    afterAll(() => runner.delete(app, { data: true }, quiet), 60_000);

    test("a redeploy and a scale fail no call, neither through the ingress nor by label; a kill at most those in that leaf", async () => {
      await using file = await createTemporaryApp(app);
      const port = await freePort();
      const source = (version: number, leaves: number) => `
      const options = { capacity: { memoryMiB: 128 }, limits: { drainMs: 5000 } };
      export const greet = service("greet", () => "v${version}", { ...options, replicas: 2, expose: { port: ${port} } });
      const leaf = service("leaf", (_: unknown, { replica }) => replica.index, options);
      export const sum = service("sum", scatter(${leaves}, leaf, (replies: number[]) => replies.length), { ...options, expose: true });`;
      const first = await file.write(source(1, 6), ["greet", "sum"]);
      await runner.apply(first, quiet);

      const http = callByHttp(port, "greet", null);
      const label = await callByLabel(runner, app, "sum", undefined, null);
      const during = async (work: () => Promise<unknown>) => {
        const loads = [startLoad(CALLS_PER_SECOND, http.call), startLoad(CALLS_PER_SECOND, label.call)];
        try {
          await work();
        } finally {
          await Promise.all(loads.map((load) => load.stop()));
        }
        return Promise.all(loads.map((load) => load.stop()));
      };
      try {
        const second = await file.write(source(2, 6), ["greet", "sum"]);
        for (const outcome of await during(() => runner.apply(second, quiet))) {
          expect(outcome.failures).toEqual([]);
          expect(outcome.answers).toBeGreaterThan(0);
        }
        expect(await http.call()).toBe("v2");

        for (const outcome of await during(async () => {
          await runner.scale(app, "leaf", 3, quiet);
          await runner.scale(app, "leaf", 6, quiet);
        })) {
          expect(outcome.failures).toEqual([]);
        }
        expect(await label.call()).toBe(6);

        const [through, straight] = await during(async () => {
          // Whoever kills a container by the engine stops it; the next up starts it again.
          await killContainer(`${app}.leaf.1`);
          await runner.apply(second, quiet);
        });
        expect(through!.failures).toEqual([]);
        for (const failure of straight!.failures) expect(failure).toMatch(/leaf\.1/);
        expect(await label.call()).toBe(6);
      } finally {
        http.close();
        await label.close();
      }
    });
  },
);

async function killContainer(name: string): Promise<void> {
  const { openTestEngine } = await import("./engine.ts");
  await using engine = await openTestEngine();
  await engine.post(`/containers/${name}/kill`);
}
