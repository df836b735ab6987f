import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type App, compose, TableDirectory } from "@hadron/core/spi";
import { createHost, type Host } from "../../src/call/host.ts";
import { createMuxTransport } from "../../src/transport/mux/index.ts";
import { one } from "./app.ts";

export interface ReplicaProcess {
  readonly child: ChildProcess;
  readonly address: string;
}

/** Replicas of the app in `app.ts`, each a process that `run()` has made a replica, as under the local runner. */
export interface Processes extends AsyncDisposable {
  readonly directory: TableDirectory;
  start(ordinal: number): Promise<ReplicaProcess>;
  /** SIGTERM; returns the exit status. */
  stop(replica: ReplicaProcess): Promise<number | null>;
  publish(replicas: readonly ReplicaProcess[]): void;
  caller(): Host;
}

export function createProcesses(): Processes {
  const folder = mkdtempSync(join(tmpdir(), "hadron-processes-"));
  const app: App = compose("test", [one]);
  const topology = join(folder, "topology.json");
  writeFileSync(topology, JSON.stringify(app.topology));
  const directory = new TableDirectory();
  const children = new Set<ChildProcess>();
  const hosts: Host[] = [];
  return {
    directory,
    async start(ordinal) {
      const address = `unix:${join(folder, `${ordinal}.sock`)}`;
      const child = spawn(process.execPath, ["--import", "tsx", join(import.meta.dirname, "app.ts")], {
        stdio: ["ignore", "ignore", "inherit", "ipc"],
        env: {
          ...process.env,
          HADRON_SERVICE: "one",
          HADRON_ORDINAL: String(ordinal),
          HADRON_APP: "test",
          HADRON_REVISION: "r",
          HADRON_TOPOLOGY: topology,
          HADRON_LISTEN: address,
        },
      });
      children.add(child);
      child.once("exit", () => children.delete(child));
      for (;;) {
        const [message] = (await once(child, "message")) as [{ type: string }];
        if (message.type === "ready") return { child, address };
      }
    },
    async stop({ child }) {
      child.kill("SIGTERM");
      const [status] = (await once(child, "exit")) as [number | null];
      return status;
    },
    publish(replicas) {
      directory.set(
        "one",
        replicas.map(({ address }, ordinal) => ({
          ordinal,
          name: `one.${ordinal}`,
          address,
          state: "ready",
          reason: undefined,
        })),
      );
    },
    caller() {
      const self = { app: "test", service: "caller", replica: `caller.${hosts.length}`, topology: "t" };
      const view = { ...bind(directory), close: () => {} };
      const host = createHost({ self, directory: view, transports: { unix: createMuxTransport() }, app });
      hosts.push(host);
      return host;
    },
    async [Symbol.asyncDispose]() {
      for (const host of hosts) host.close();
      await Promise.all(
        [...children].map(async (child) => {
          child.kill("SIGKILL");
          await once(child, "exit");
        }),
      );
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function bind(directory: TableDirectory) {
  return {
    members: directory.members.bind(directory),
    watch: directory.watch.bind(directory),
    has: directory.has.bind(directory),
    suspect: directory.suspect.bind(directory),
  };
}
