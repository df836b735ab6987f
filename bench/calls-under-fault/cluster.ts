import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose, TableDirectory } from "@hadron/core/spi";
import { createHost, type Host } from "../../packages/core/src/call/host/host.ts";
import { createMuxTransport } from "../../packages/core/src/transport/mux/index.ts";
import { bench } from "./app.ts";

/** Replicas of the bench's service, each a process, and a caller of them. */
export interface Cluster extends AsyncDisposable {
  readonly host: Host;
  call(procedure: string, input?: unknown, timeoutMs?: number): Promise<any>;
}

/** Starts `n` replicas on Unix sockets. Disposing of it ends them. */
export async function startCluster(n: number): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "hadron-bench-"));
  const directory = new TableDirectory();
  const children: ChildProcess[] = [];
  const addresses = Array.from({ length: n }, (_, ordinal) => `unix:${join(folder, `${ordinal}.sock`)}`);
  for (const [ordinal, address] of addresses.entries()) {
    const child = fork(new URL("./replica.ts", import.meta.url), [String(ordinal), address], {
      execArgv: ["--import", "tsx", "--expose-gc"],
    });
    children.push(child);
    await once(child, "message");
  }
  directory.set(
    "bench",
    addresses.map((address, ordinal) => ({
      ordinal,
      name: `bench.${ordinal}`,
      address,
      state: "ready",
      reason: undefined,
    })),
  );
  const mux = createMuxTransport();
  const self = { app: "bench", service: "caller", replica: "caller.0", topology: "bench" };
  const host = createHost({ self, directory, transports: { unix: mux, tcp: mux }, app: compose("bench", [bench]) });
  return {
    host,
    call: (procedure, input, timeoutMs = 30_000) => host.call("bench", procedure, input, { timeoutMs }),
    async [Symbol.asyncDispose]() {
      host.close();
      await Promise.all(children.map(async (child) => child.kill("SIGKILL") && once(child, "exit")));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
