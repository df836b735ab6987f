import { readdirSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually, toProgram } from "../../src/suite.ts";
import { fixture, Home } from "./harness.ts";

let home: Home;
beforeEach(async () => {
  home = await Home.make();
});
afterEach(() => home[Symbol.asyncDispose]());

test("a replica that starts again finds what Node compiled, which the app does not see", async () => {
  const { compiled } = await import("../fixtures/compiled.ts");
  const runner = home.runner();
  await home.apply(runner, toProgram(fixture("compiled.ts"), "compiled", [compiled]));
  const call = (procedure: string) => home.call(runner, "compiled", "compiled", procedure);
  const restarted = (times: number) =>
    eventually(async () => {
      const { services } = await runner.status("compiled", home.context);
      const [replica] = services.flatMap(({ replicas }) => replicas);
      return replica?.restarts === times && replica.state === "ready" ? true : undefined;
    });

  const where: string = await call("where");
  expect(relative(join(home.path, "cache/hadron/layouts/compiled"), dirname(where))).toMatch(
    /^[0-9a-f]{16}\.compiled$/,
  );
  expect(await call("seen")).toEqual([]);

  const kept = () => readdirSync(where).map((name) => ({ name, time: statSync(join(where, name)).mtimeMs }));
  await expect(call("exit")).rejects.toThrow("exit code 7");
  await restarted(1);
  const first = kept();
  expect(first).toHaveLength(1);
  // What a process took from there it does not write anew at its end.
  await expect(call("exit")).rejects.toThrow("exit code 7");
  await restarted(2);
  expect(kept()).toEqual(first);
});
