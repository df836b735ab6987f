import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { Api } from "../../src/kubernetes/api/api.ts";
import { findTarget } from "../../src/kubernetes/api/kube-config.ts";
import { skip, useNamespace } from "./cluster.ts";

const space = useNamespace();
const folder = mkdtempSync(join(tmpdir(), "hadron-ends-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The kubeconfig of a user without a single right. */
function withoutRights(): string {
  const { server, tls } = findTarget({ env: process.env, context: undefined, namespace: undefined });
  const user = {
    "client-certificate-data": tls.cert?.toString("base64"),
    "client-key-data": tls.key?.toString("base64"),
    as: "nobody",
  };
  const path = join(folder, "nobody");
  const cluster = { server, "certificate-authority-data": tls.ca?.toString("base64") };
  writeFileSync(
    path,
    JSON.stringify({
      "current-context": "none",
      contexts: [{ name: "none", context: { cluster: "c", user: "nobody" } }],
      clusters: [{ name: "c", cluster }],
      users: [{ name: "nobody", user }],
    }),
  );
  return path;
}

/** Types a command, and waits until its process has ended by itself. */
function type(words: readonly string[], env: NodeJS.ProcessEnv): Promise<{ status: number | null; err: string }> {
  const root = fileURLToPath(new URL("../../../..", import.meta.url));
  const file = fileURLToPath(new URL("fixtures/web.ts", import.meta.url));
  const child = spawn(process.execPath, [join(root, "node_modules/tsx/dist/cli.mjs"), file, ...words], { env });
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdout.resume();
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, err })));
}

describe.skipIf(skip !== undefined)(`a user without rights (${skip ?? "there is a cluster"})`, () => {
  test.each(["status", "plan", "up", "delete", "logs", "logs --follow", "scale web 1", "call web hello 1", "export"])(
    "%s says so in words, and ends",
    { timeout: 60_000 },
    async (line) => {
      const words = line.split(" ");
      const { status, err } = await type([...words, "--runner=kubernetes", "--app=ends"], {
        ...space.env,
        KUBECONFIG: withoutRights(),
      });
      if (line === "export") expect([status, err]).toEqual([0, expect.not.stringContaining("RUNNER_FAILED")]);
      else expect([status, err]).toEqual([1, expect.stringContaining('RUNNER_FAILED: "nobody" may not ')]);
      expect(err).not.toContain("[object Object]");
    },
  );

  test("a namespace that is not there is told in words", { timeout: 60_000 }, async () => {
    const words = ["up", "--runner=kubernetes", "--app=ends", "--namespace=hadron-test-nowhere"];
    const { status, err } = await type(words, space.env);
    expect(status).toBe(1);
    expect(err).toContain("kubectl create namespace hadron-test-nowhere");
    expect(err).not.toContain("[object Object]");
  });
});

describe("a connection to the cluster that is closed", () => {
  const requestOf = (signal: AbortSignal) => ({ path: "/version", what: "read the version", signal });
  const targetAt = (port: number) => ({
    context: "silent",
    server: `https://127.0.0.1:${port}`,
    namespace: "default",
    tls: { ca: undefined, cert: undefined, key: undefined, servername: undefined, insecure: true },
    proxyUrl: undefined,
    user: { name: "x" },
  });

  /** A server that takes connections, and says nothing. */
  async function silent(): Promise<AsyncDisposable & { port: number; met: Promise<Socket>; gone: Promise<void> }> {
    const met = Promise.withResolvers<Socket>();
    const gone = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      socket.on("error", () => {}).once("close", () => gone.resolve());
      socket.resume();
      met.resolve(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const dispose = () => new Promise<void>((resolve) => server.close(() => resolve()));
    return { port, met: met.promise, gone: gone.promise, [Symbol.asyncDispose]: dispose };
  }

  test("gives up what is being opened, and lets nothing begin any more", async () => {
    await using server = await silent();
    const api = new Api(targetAt(server.port));
    const { signal } = new AbortController();
    const asked = api.json(requestOf(signal));
    await server.met;
    api.close();
    await expect(asked).rejects.toMatchObject({ code: "CANCELLED" });
    await server.gone;
    await expect(api.json(requestOf(signal))).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test("is not waited for by a request that its caller has given up", async () => {
    await using server = await silent();
    const api = new Api(targetAt(server.port));
    const stop = new AbortController();
    const asked = api.json(requestOf(stop.signal));
    await server.met;
    stop.abort(new Error("given up"));
    await expect(asked).rejects.toThrow("given up");
    api.close();
    await server.gone;
  });
});
