import { homedir } from "node:os";
import { hello } from "../../examples/hello.ts";
import type { Engine } from "../../packages/runners/src/docker/engine/client.ts";
import { openEngine } from "../../packages/runners/src/docker/engine/open.ts";
import { createRunner } from "../../packages/runners/src/docker/index.ts";
import { DEFAULT_BASE_IMAGE } from "../../packages/runners/src/docker/names/base-image.ts";
import { toProgram } from "../../packages/runners/src/suite.ts";
import { bench, type Side } from "../harness.ts";

const CONNECTIONS = 16;
const body = JSON.stringify({ jsonrpc: "2.0", method: "hello", params: ["Ann"], id: 1 });
const expected = JSON.stringify({ jsonrpc: "2.0", result: "Hello, Ann!", id: 1 });
const quiet = { signal: new AbortController().signal, progress: { step() {}, note() {} } };

/** A node:http server that only drains the POST and answers. */
const BARE = `
const answer = process.argv[1];
const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(answer) };
require("node:http").createServer({ keepAliveTimeout: 75000 }, (request, response) => {
  request.resume();
  request.on("end", () => response.writeHead(200, headers).end(answer));
}).listen(8080, "0.0.0.0");`;

await bench(`Calls to an exposed service in a container (hello.ts), ${CONNECTIONS} connections`, async (b) => {
  const engine = await openEngine({ env: process.env, home: homedir(), platform: process.platform }, quiet.signal);
  b.defer(() => engine[Symbol.asyncDispose]());
  const app = `b-calls-${process.pid}`;
  const runner = createRunner({ flags: {}, explicitApp: false, env: process.env });
  const program = toProgram(new URL("../../examples/hello.ts", import.meta.url).pathname, app, [hello]);
  b.defer(() => runner.delete(app, { data: true }, quiet));
  const { status } = await runner.apply(program, quiet);
  const ours = Number(new URL(status.services[0]!.endpoint!).port);
  const ids = await engine.get<{ Id: string }[]>("/containers/json", {
    query: { filters: JSON.stringify({ label: [`dev.hadron.app=${app}`] }) },
  });
  const bare = await startBare(engine, ids[0]!.Id);
  b.defer(() => engine.delete(`/containers/${bare.id}`, { query: { force: true } }));

  const generator = async (port: number): Promise<Side> => {
    const side = await b.start(new URL("../local/generator.side.ts", import.meta.url));
    await side.ask("open", { port, connections: CONNECTIONS, body, expected });
    return side;
  };
  const [toOurs, toBare] = [await generator(ours), await generator(bare.port)];
  const rounds = await b.compare(
    {
      ours: { run: (ms) => toOurs.ask("load", { ms }), pids: [] },
      bare: { run: (ms) => toBare.ask("load", { ms }), pids: [] },
    },
    { rounds: 21, roundMs: 500, warmMs: 3000 },
  );
  b.row({
    what: "calls a second, against node:http that only drains and answers, in a container as ours",
    atLeast: 0.75,
    aim: 0.9,
    measured: rounds.speed("ours", "bare"),
  });
});

/** The bare server in a container with the same limits as ours, published in the same way. */
async function startBare(engine: Engine, likeId: string): Promise<{ readonly id: string; readonly port: number }> {
  const { HostConfig } = await engine.get<{ HostConfig: Record<string, unknown> }>(`/containers/${likeId}/json`);
  const { Memory, MemorySwap, NanoCpus, PortBindings, Init, ReadonlyRootfs, CapDrop, SecurityOpt } = HostConfig;
  const { Id } = await engine.post<{ Id: string }>("/containers/create", {
    query: { name: `b-calls-bare-${process.pid}` },
    body: {
      Image: process.env.HADRON_BASE_IMAGE || DEFAULT_BASE_IMAGE,
      Entrypoint: ["node", "-e", BARE, expected],
      User: "1000:1000",
      ExposedPorts: { "8080/tcp": {} },
      HostConfig: { Memory, MemorySwap, NanoCpus, PortBindings, Init, ReadonlyRootfs, CapDrop, SecurityOpt },
    },
  });
  await engine.post(`/containers/${Id}/start`);
  const { NetworkSettings } = await engine.get<{
    NetworkSettings: { Ports: Record<string, { HostPort: string }[]> };
  }>(`/containers/${Id}/json`);
  const port = Number(NetworkSettings.Ports["8080/tcp"]![0]!.HostPort);
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body: "{}" }).catch(() => undefined);
    if (answered?.status === 200) return { id: Id, port };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
