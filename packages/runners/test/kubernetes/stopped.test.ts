import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { selectorOf } from "../../src/kubernetes/objects/labels.ts";
import { pathOf } from "../../src/kubernetes/objects/objects.ts";
import { listObjects } from "../../src/kubernetes/world/world.ts";
import { skip, useNamespace } from "./cluster.ts";
import { context, runnerFor } from "./harness.ts";

const space = useNamespace();
const { signal } = context;
const app = "stopped";
const TSX = fileURLToPath(new URL("../../../../node_modules/tsx/dist/cli.mjs", import.meta.url));
const FILE = fileURLToPath(new URL("fixtures/opens-later.ts", import.meta.url));

/** Types `up` as a user does, in a group of its own, as a terminal has it. */
function up() {
  const words = [TSX, FILE, "up", "--runner=kubernetes", `--app=${app}`];
  const child = spawn(process.execPath, words, { env: space.env, stdio: ["ignore", "ignore", "pipe"], detached: true });
  const waits = Promise.withResolvers<void>();
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    if (err.includes("waiting for a line")) waits.resolve();
  });
  const ended = new Promise<{ status: number | null; err: string }>((resolve) =>
    child.once("close", (status) => resolve({ status, err })),
  );
  return {
    waits: Promise.race([waits.promise, ended]),
    ended,
    interrupt: () => process.kill(-(child.pid ?? 0), "SIGINT"),
  };
}

describe.skipIf(skip !== undefined)(`Ctrl-C in up (${skip ?? "on a cluster"})`, { timeout: 120_000 }, () => {
  afterAll(() => runnerFor(space.env).delete(app, { data: true }, context), 60_000);
  const list = (kind: "Lease" | "Pod") => listObjects(space.api, kind, selectorOf(app), signal);

  test("ends it with what was done and what to do, holds nothing, and the next up goes on", async () => {
    const first = up();
    await first.waits;
    first.interrupt();
    const { status, err } = await first.ended;
    expect([status, err]).toEqual([
      130,
      expect.stringMatching(/Stopped when \d+ objects were made.*: server\. .*`up`/),
    ]);
    expect(err).not.toContain("RUNNER_FAILED");
    expect(await list("Lease")).toEqual([]);
    const [pod] = await list("Pod");

    const second = up();
    await second.waits;
    expect((await list("Pod")).map(({ metadata }) => metadata.uid)).toEqual([pod?.metadata.uid]);
    const path = `${pathOf("Pod", space.name, `${pod?.metadata.name}:6001`)}/proxy/open`;
    await space.api.text({ path, what: "ask for its line", signal });
    expect(await second.ended).toMatchObject({ status: 0 });
  });
});
