import { execFile } from "node:child_process";
import { Agent, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { skip as noEngine } from "../../packages/runners/test/docker/engine.ts";
import { startLoad } from "../../packages/runners/test/docker/steady-load.ts";
import { skip as noCluster, useNamespace } from "../../packages/runners/test/kubernetes/cluster.ts";

const { env } = useNamespace();
const type = promisify(execFile);
const SITE = "http://localhost:30085/site";

// One after the other: the URL is the same on both.
test.skipIf(noEngine !== undefined)(
  "a roll-out loses no request of 200 a second at an address: docker",
  { timeout: 300_000 },
  () => rollOut("docker", {}),
);
test.skipIf(noCluster !== undefined)(
  "a roll-out loses no request of 200 a second at an address: kubernetes",
  { timeout: 300_000 },
  () => rollOut("kubernetes", env),
);

async function rollOut(runner: string, more: Readonly<Record<string, string>>): Promise<void> {
  const up = (file: string, ...words: readonly string[]) =>
    type(
      "tsx",
      [join(import.meta.dirname, "rolled", file), ...words, `--runner=${runner}`, `--app=rolled-${process.pid}`],
      { env: { ...process.env, ...more } },
    );
  // Some keep their connections, others open one for each request.
  const kept = new Agent({ keepAlive: true, maxSockets: 64 });
  try {
    await up("rolled.ts", "up");
    const cookie = await signIn();
    const seen = new Set<unknown>();
    const call = async (path: string, method: string, agent: Agent | false) => {
      const { version } = await ask(path, method, agent);
      seen.add(version);
    };
    const loads = [
      startLoad(80, () => call("/greet", "POST", kept)),
      startLoad(80, () => call("/site/version", "GET", kept)),
      startLoad(40, () => call("/greet", "POST", false)),
    ];
    await up("rolled-next.ts", "up");
    const outcomes = await Promise.all(loads.map((load) => load.stop()));
    expect(outcomes.flatMap(({ failures }) => failures)).toEqual([]);
    for (const { answers } of outcomes) expect(answers).toBeGreaterThan(40);
    expect([...seen].sort()).toEqual([1, 2]);
    expect(await ask("/greet", "POST", false)).toEqual({ version: 2 });
    await signOut(cookie);
  } finally {
    kept.destroy();
    await up("rolled-next.ts", "delete", "--data", "--yes");
  }
}

/** A key and a session are kept where every replica finds them, whoever made them. */
async function signIn(): Promise<string> {
  const post = (path: string) => fetch(`${SITE}/${path}`, { method: "POST" });
  expect((await post("keys/ann")).status).toBe(204);
  expect(await whoIs({ "x-api-key": "key of ann" })).toBe("ann");
  expect(await whoIs({ "x-api-key": "key of bob" })).toBe(401);
  const [cookie = ""] = (await post("login/bob")).headers.get("set-cookie")?.split(";") ?? [];
  expect(await whoIs({ cookie })).toBe("bob");
  return cookie;
}

/** Both outlive a roll-out; a session ends everywhere. */
async function signOut(cookie: string): Promise<void> {
  expect([await whoIs({ "x-api-key": "key of ann" }), await whoIs({ cookie })]).toEqual(["ann", "bob"]);
  await fetch(`${SITE}/logout/bob`, { method: "POST" });
  for (let time = 0; time < 4; time++) expect(await whoIs({ cookie })).toBe(401);
}

async function whoIs(headers: Readonly<Record<string, string>>): Promise<unknown> {
  const answer = await fetch(`${SITE}/me`, { headers });
  return answer.status === 200 ? await answer.json() : answer.status;
}

/**
 * Asks as Node's own documentation of `reusedSocket` has it: a kept connection may end while a request is on its way to it, and the
 * request is made again on another. On a connection of its own every request is answered.
 */
async function ask(path: string, method: string, agent: Agent | false): Promise<{ readonly version: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = request(
    { host: "127.0.0.1", port: 30085, path, method, agent, headers: { host: "localhost" } },
    resolve,
  );
  asked.once("error", reject).end();
  let answer: IncomingMessage;
  try {
    answer = await promise;
  } catch (error) {
    if (asked.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET") return ask(path, method, agent);
    throw error;
  }
  const body = await json(answer);
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${JSON.stringify(body)}`);
  return body as { readonly version: number };
}
