import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRunner } from "../../src/docker/index.ts";
import { Authority } from "../../src/shared/tls/authority.ts";
import { openTestEngine, quiet, skip, uniqueApp } from "./engine.ts";
import { startLoad } from "./steady-load.ts";
import { createTemporaryApp, freePort } from "./temporary-app.ts";

const app = uniqueApp("tls");

describe.skipIf(skip !== undefined)(
  `TLS at an ingress${skip === undefined ? "" : ` (${skip})`}`,
  { timeout: 120_000 },
  () => {
    let state: string;
    let runner: ReturnType<typeof createRunner>;
    beforeAll(async () => {
      state = await mkdtemp(join(tmpdir(), "docker-tls-"));
      runner = createRunner({ flags: {}, explicitApp: false, env: { ...process.env, XDG_STATE_HOME: state } });
    });
    afterAll(async () => {
      await runner.delete(app, { data: true }, quiet);
      await rm(state, { recursive: true });
    }, 60_000);

    test("a certificate of secrets, or of the user's own authority, is shown; a new one takes its place under load, and no key is told", async () => {
      const folder = join(state, "hadron/tls");
      const authority = await Authority.open(folder);
      const ca = await readFile(join(folder, "authority.pem"), "utf8");
      const issue = async () => {
        const { cert, key } = await authority.issue(["localhost", "127.0.0.1"]);
        return { CERT: cert, KEY: key };
      };
      await using file = await createTemporaryApp(app);
      const port = await freePort();
      const source = `import { secret } from "@hadron/core/spi";
      const options = { capacity: { memoryMiB: 128 }, limits: { drainMs: 2000 } };
      export const given = service("given", () => "given", { ...options, expose: { port: ${port}, tls: { cert: secret("CERT"), key: secret("KEY") } } });
      export const own = service("own", () => "own", { ...options, expose: { hostname: "shop.localhost", tls: true, connectionsPerAddress: 2 } });`;
      const load = (secrets: Record<string, string>) => file.write(source, ["given", "own"], secrets);
      const [first, second] = [await issue(), await issue()];
      const notes: string[] = [];
      const context = { ...quiet, progress: { ...quiet.progress, note: (note: string) => void notes.push(note) } };
      const { status } = await runner.apply(await load(first), context);
      const endpoints = Object.fromEntries(status.services.map(({ name, endpoint }) => [name, endpoint ?? ""]));
      expect(endpoints.given).toBe(`https://127.0.0.1:${port}`);
      expect(endpoints.own).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
      expect(notes).toEqual([expect.stringMatching(/^own: .*authority\.pem/)]);

      const call = (url: string, method: string, options: object = {}) =>
        ask(url, method, { ca, agent: false, ...options });
      expect(await call(endpoints.own ?? "", "own")).toBe("own");
      expect(await call(endpoints.own ?? "", "own", { servername: "shop.localhost" })).toBe("own");
      const session = connectHttp2(endpoints.given ?? "", { ca });
      const stream = session.request({ ":method": "POST", "content-type": "application/json" });
      stream.end(JSON.stringify({ jsonrpc: "2.0", method: "given", id: 1 }));
      expect(JSON.parse(await text(stream)).result).toBe("given");
      session.close();
      const plain = await fetch(`http://127.0.0.1:${port}/`, { redirect: "manual" });
      expect([plain.status, plain.headers.get("location")]).toEqual([308, `https://127.0.0.1:${port}/`]);

      const ownPort = Number(new URL(endpoints.own ?? "").port);
      const kept = [await enter(ownPort, ca), await enter(ownPort, ca)];
      await expect(enter(ownPort, ca)).rejects.toThrow();
      for (const socket of kept) socket.destroy();

      expect((await runner.plan(await load(first), quiet)).changes).toEqual([]);
      const before = await serialOf(port, ca);
      const agent = new Agent({ keepAlive: true, maxSockets: 8 });
      const loads = [agent, false].map((kind) =>
        startLoad(kind === false ? 20 : 80, () => call(endpoints.given ?? "", "given", { agent: kind })),
      );
      const { changes } = await runner.apply(await load(second), quiet);
      expect(changes).toEqual([
        { action: "update", kind: "container", name: `${app}.given.ingress`, because: "its certificate changed" },
      ]);
      await expect.poll(() => serialOf(port, ca), { timeout: 20_000, interval: 100 }).not.toBe(before);
      for (const load of loads) {
        const outcome = await load.stop();
        expect(outcome.failures).toEqual([]);
        expect(outcome.answers).toBeGreaterThan(0);
      }
      agent.destroy();
      await expectNothingTold([first.KEY, second.KEY]);
    });
  },
);

async function ask(url: string, method: string, options: object): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<import("node:http").IncomingMessage>();
  const headers = { "content-type": "application/json" };
  request(url, { method: "POST", headers, ...options }, resolve)
    .once("error", reject)
    .end(JSON.stringify({ jsonrpc: "2.0", method, id: 1 }));
  const answer = JSON.parse(await text(await promise));
  if (answer.error !== undefined) throw new Error(answer.error.message);
  return answer.result;
}

async function serialOf(port: number, ca: string): Promise<string> {
  const socket = await enter(port, ca);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

async function enter(port: number, ca: string): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", ca, servername: "localhost" });
  await once(socket, "secureConnect");
  return socket;
}

/** Neither what the engine shows of a container, nor its log, has a line of a key. */
async function expectNothingTold(keys: readonly string[]): Promise<void> {
  await using engine = await openTestEngine();
  const filters = JSON.stringify({ label: [`dev.hadron.app=${app}`] });
  const all = await engine.get<readonly { Id: string }[]>("/containers/json", { query: { all: true, filters } });
  expect(all).toHaveLength(4);
  for (const { Id } of all) {
    const shown = JSON.stringify(await engine.get(`/containers/${Id}/json`));
    const log = await text(await engine.stream(`/containers/${Id}/logs`, { query: { stdout: true, stderr: true } }));
    for (const line of keys.flatMap((key) => key.split("\n").filter((line) => !/^(-----.*|)$/.test(line)))) {
      expect(shown).not.toContain(line);
      expect(log).not.toContain(line);
    }
  }
}
