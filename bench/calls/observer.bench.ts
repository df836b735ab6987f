/**
 * Small calls from one replica to another, both in this process, over a socket: with a recorder at both ends, and without
 * an observer. What its absence costs is part of every other bench of calls, whose gates are as they were.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { service } from "@hadron/core";
import { compose, createCallRecorder, observe, TableDirectory } from "@hadron/core/spi";
import { createHost } from "../../packages/core/src/call/host/host.ts";
import { ReplicaServer } from "../../packages/core/src/serve/replica-server.ts";
import { createMuxTransport } from "../../packages/core/src/transport/mux/index.ts";
import { bench } from "../harness.ts";

const CALLERS = 16;

await bench("An observer of calls: a ring of records at both ends", async (b) => {
  const folder = mkdtempSync(join(tmpdir(), "hadron-bench-"));
  b.defer(() => rmSync(folder, { recursive: true, force: true }));
  const app = compose("bench", [service("echo", (input: number) => input)]);
  const directory = new TableDirectory();
  const mux = createMuxTransport();
  const createSide = (name: string) => {
    const self = { app: "bench", service: name, replica: `${name}.0`, topology: "bench" };
    return { self, host: createHost({ self, directory, transports: { unix: mux }, app }) };
  };
  const caller = createSide("caller");
  const callee = createSide("echo");
  const quiet = () => {};
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const server = new ReplicaServer({
    ...callee,
    app,
    service: "echo",
    ordinal: 0,
    log,
    revision: "bench",
    count: () => 1,
  });
  const [address = ""] = await server.listen([`unix:${join(folder, "echo.sock")}`], { exposed: false });
  server.ready();
  directory.set("echo", [{ ordinal: 0, name: "echo.0", address, state: "ready", reason: undefined }]);
  b.defer(() => server.drain(0));
  b.defer(() => caller.host.close());

  const run = async (ms: number) => {
    const began = performance.now();
    let calls = 0;
    const call = async () => {
      while (performance.now() - began < ms) {
        await caller.host.call("echo", undefined, calls, {});
        calls++;
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, call));
    return { calls, ms: performance.now() - began, latencies: [], refused: 0 };
  };
  const recorders = [createCallRecorder(caller.host.clock), createCallRecorder(callee.host.clock)] as const;
  const observed = async (ms: number) => {
    const stops = [observe(caller.host, recorders[0]), observe(server.dispatcher, recorders[1])];
    try {
      return await run(ms);
    } finally {
      for (const stop of stops) stop();
    }
  };
  const pids = [process.pid];
  const rounds = await b.compare({ unobserved: { run, pids }, observed: { run: observed, pids } });
  b.row({ what: "CPU time a call, observed", atMost: 1.3, aim: 1, measured: rounds.cpu("observed", "unobserved") });
  b.row({ what: "calls a second, observed", atLeast: 0.75, aim: 1, measured: rounds.speed("observed", "unobserved") });
});
