import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { skip as noEngine } from "../../packages/runners/test/docker/engine.ts";
import { skip as noCluster, useNamespace } from "../../packages/runners/test/kubernetes/cluster.ts";
import { upLocal } from "./up-local.ts";

const cwd = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);
const { env } = useNamespace();

/** A client that is told nothing but the URL. */
async function ask(text: string | null): Promise<{ readonly status: number; readonly body: any }> {
  const response = await fetch("http://localhost:30084/insert", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text }),
  });
  return { status: response.status, body: await response.json() };
}

async function insertTwice(): Promise<void> {
  expect(await ask("hello")).toEqual({ status: 200, body: [{ id: "1", text: "hello" }] });
  expect(await ask(null)).toMatchObject({ status: 412, body: { detail: expect.stringContaining("not-null") } });
}

// One file, one after the other: the URL is the same on every runner.
test("the URL of examples/microvium.ts is all that a client is told: local", async () => {
  await using _up = await upLocal("microvium");
  await insertTwice();
});

test.skipIf(noEngine !== undefined)(
  "the URL of examples/microvium.ts is all that a client is told: docker",
  { timeout: 120_000 },
  () => deployed("docker", {}),
);

test.skipIf(noCluster !== undefined)(
  "the URL of examples/microvium.ts is all that a client is told: kubernetes",
  { timeout: 120_000 },
  () => deployed("kubernetes", env),
);

async function deployed(runner: string, env: Readonly<Record<string, string>>): Promise<void> {
  const type = async (...words: readonly string[]) => {
    const flags = [`--runner=${runner}`, `--app=microvium-${process.pid}`, "--json"];
    const { stdout } = await run("tsx", ["examples/microvium.ts", ...words, ...flags], {
      cwd,
      env: { ...process.env, ...env },
    });
    return JSON.parse(stdout || "null");
  };
  try {
    const { services } = await type("up");
    const gateway = services.find(({ name }: { name: string }) => name === "hadron.gateway");
    expect(gateway.replicas).toHaveLength(runner === "kubernetes" ? 2 : 1);
    await insertTwice();
  } finally {
    await type("delete", "--data", "--yes");
  }
}
