import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { AnyService } from "@hadron/core";
import { type App, compose, type Directory, TableDirectory } from "@hadron/core/spi";
import { createHost, type Host } from "../../src/call/host/host.ts";
import { createMuxTransport } from "../../src/transport/mux/index.ts";
import { one } from "./app.ts";

export interface ReplicaProcess {
  readonly child: ChildProcess;
  readonly ordinal: number;
  readonly address: string;
  /** Where outside callers reach it: `tcp:HOST:PORT`. */
  readonly exposed: readonly string[];
}

/** Replicas of an app of one service, each a process that `run()` has made a replica, as under the local runner. */
export interface Processes extends AsyncDisposable {
  readonly directory: TableDirectory;
  start(ordinal: number, options?: ProcessOptions): Promise<ReplicaProcess>;
  /** SIGTERM; returns the exit status. */
  stop(replica: ReplicaProcess): Promise<number | null>;
  /** Says where the replicas are: there, or behind a proxy. */
  publish(replicas: readonly { readonly address: string }[]): void;
  caller(): Host;
  /** Calls that replica directly, whatever was published. */
  ask(replica: ReplicaProcess, procedure: string, input?: unknown): Promise<unknown>;
}

export interface ProcessOptions {
  /** Addresses for outside callers. @default none */
  readonly expose?: string;
  /** Told each line of its log. @default it goes nowhere */
  readonly logged?: (line: string) => void;
}

/** @param file The app, in this folder. @param declared The service that it runs. */
export function createProcesses(file = "app.ts", declared: AnyService = one): Processes {
  const folder = mkdtempSync(join(tmpdir(), "hadron-processes-"));
  const app: App = compose("test", [declared]);
  const service = app.topology.services[0]!.name;
  const topology = join(folder, "topology.json");
  writeFileSync(topology, JSON.stringify(app.topology));
  const directory = new TableDirectory();
  const children = new Set<ChildProcess>();
  const hosts: Host[] = [];
  const mux = createMuxTransport();
  const hostOf = (replica: string, known: Directory) => {
    const self = { app: "test", service: "caller", replica, topology: "t" };
    return createHost({ self, directory: known, transports: { unix: mux, tcp: mux }, app });
  };
  return {
    directory,
    async start(ordinal, { expose, logged } = {}) {
      const address = `unix:${join(folder, `${ordinal}.sock`)}`;
      const child = spawn(process.execPath, ["--import", "tsx", join(import.meta.dirname, file)], {
        stdio: ["ignore", logged === undefined ? "ignore" : "pipe", "inherit", "ipc"],
        env: {
          ...process.env,
          HADRON_SERVICE: service,
          HADRON_ORDINAL: String(ordinal),
          HADRON_APP: "test",
          HADRON_REVISION: "r",
          HADRON_TOPOLOGY: topology,
          HADRON_LISTEN: address,
          ...(expose === undefined ? {} : { HADRON_EXPOSE: expose }),
        },
      });
      children.add(child);
      child.once("exit", () => children.delete(child));
      if (logged !== undefined) createInterface(child.stdout!).on("line", logged);
      const died = once(child, "exit").then(([status]) => {
        throw new Error(`Replica ${ordinal} ended before it was ready, with status ${status}.`);
      });
      // Later it may end as it likes.
      died.catch(() => {});
      for (;;) {
        const [message] = (await Promise.race([once(child, "message"), died])) as [
          { type: string; exposed?: readonly string[] },
        ];
        if (message.type === "ready") return { child, ordinal, address, exposed: message.exposed ?? [] };
      }
    },
    async stop({ child }) {
      child.kill("SIGTERM");
      const [status] = (await once(child, "exit")) as [number | null];
      return status;
    },
    publish(replicas) {
      directory.set(
        service,
        replicas.map(({ address }, ordinal) => ({
          ordinal,
          name: `${service}.${ordinal}`,
          address,
          state: "ready",
          reason: undefined,
        })),
      );
    },
    caller() {
      const view = { ...bind(directory), close: () => {} };
      const host = hostOf(`caller.${hosts.length}`, view);
      hosts.push(host);
      return host;
    },
    async ask({ address, ordinal }, procedure, input) {
      const name = `${service}.${ordinal}`;
      const direct = new TableDirectory();
      direct.set(service, [{ ordinal, name, address, state: "ready", reason: undefined }]);
      const host = hostOf("asker.0", direct);
      try {
        return await host.call(service, procedure, input, {});
      } finally {
        host.close();
      }
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
