import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { waitForLine } from "../../../src/docker/containers/wait-for-line.ts";
import { Engine } from "../../../src/docker/engine/client.ts";
import { everyKind, toDesired } from "../topologies.ts";

const [spec] = toDesired(everyKind()).containers;
const frame = (line: string) => Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, line.length]), Buffer.from(line)]);

test("a log that an engine follows and lost sight of is asked for anew", async () => {
  let asked = 0;
  const server = createServer(({ url = "" }, response) => {
    if (url.endsWith("/json")) {
      const State = { Running: true, Restarting: false, StartedAt: new Date().toISOString() };
      return response.end(JSON.stringify({ State, RestartCount: 0 }));
    }
    response.write(frame("starting\n"));
    // The first is never heard of again.
    if (++asked > 1) response.write(frame("ready\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const engine = new Engine({ kind: "tcp", host: "127.0.0.1", port, tls: undefined, said: "tcp://test" }, undefined);
  try {
    if (spec === undefined) throw new Error("there is no container");
    await waitForLine(engine, "id", spec, (line) => line === "ready", AbortSignal.timeout(20_000), 100);
    expect(asked).toBe(2);
  } finally {
    await engine[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  }
});
