import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AnyService } from "@hadron/core";
import { type App, compose, type Directory, type Member, TableDirectory } from "@hadron/core/spi";
import { createHost, type Host } from "../../src/call/host/host.ts";
import type { Metric } from "../../src/metric.ts";
import { ReplicaServer } from "../../src/serve/replica-server.ts";
import { createHttpTransport } from "../../src/transport/json-rpc/client/connection.ts";
import { createMuxTransport } from "../../src/transport/mux/index.ts";

export interface ServedReplica {
  readonly server: ReplicaServer;
  readonly name: string;
  readonly address: string;
  /** As `kill -9`: connections break. */
  kill(): Promise<void>;
}

/** Real replicas on real sockets, in this process, and a caller of them. */
export interface Rig extends AsyncDisposable {
  readonly app: App;
  readonly directory: TableDirectory;
  /** Calls from here, knowing the app's code. */
  readonly host: Host;
  /** Another caller, with connections of its own. */
  caller(): Host;
  /** `where`: a kind of address, or an address. */
  serve(service: string, ordinal?: number, where?: string): Promise<ServedReplica>;
  /** Says where the replicas of a service are. */
  publish(service: string, members: readonly (Partial<Member> & { readonly address: string })[]): void;
  call(service: string, procedure: string, input?: unknown, timeoutMs?: number): Promise<unknown>;
  /** A metric of the calling side. */
  metric(name: string): number;
}

export function createRig(...services: readonly AnyService[]): Rig {
  const folder = mkdtempSync(join(tmpdir(), "hadron-rig-"));
  const app = compose("test", services);
  const directory = new TableDirectory();
  const mux = createMuxTransport();
  const closers: (() => unknown)[] = [];
  const hostOf = (service: string, replica: string, ordinal: number) => {
    const host = createHost({
      self: { app: "test", service, replica, topology: "hash" },
      directory: sharing(directory),
      transports: { unix: mux, tcp: mux, http: createHttpTransport() },
      app,
      ordinal,
    });
    closers.push(() => host.close());
    return host;
  };
  const host = hostOf("caller", "caller.0", 0);
  let sockets = 0;
  return {
    app,
    directory,
    host,
    caller: () => hostOf("caller", `caller.${closers.length}`, 0),
    async serve(service, ordinal = 0, where = "tcp") {
      const name = `${service}.${ordinal}`;
      const quiet = () => {};
      const server = new ReplicaServer({
        app,
        host: hostOf(service, name, ordinal),
        self: { app: "test", service, replica: name, topology: "hash" },
        service,
        ordinal,
        revision: "r",
        log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
        count: () => 1,
      });
      const wanted = { unix: `unix:${join(folder, `${sockets++}.sock`)}`, tcp: "tcp:127.0.0.1:0" }[where] ?? where;
      const [address] = await server.listen([wanted], { exposed: false });
      server.ready();
      const kill = async () => {
        await server.drain(0);
      };
      closers.push(kill);
      return { server, name, address: address!, kill };
    },
    publish(service, members) {
      directory.set(
        service,
        members.map((member, ordinal) => ({
          ordinal,
          name: `${service}.${member.ordinal ?? ordinal}`,
          state: "ready",
          reason: undefined,
          ...member,
        })),
      );
    },
    call: (service, procedure, input, timeoutMs = 10_000) => host.call(service, procedure, input, { timeoutMs }),
    metric: (name) =>
      [...host.metrics()].filter((one: Metric) => one.name === name).reduce((sum, one) => sum + one.value, 0),
    async [Symbol.asyncDispose]() {
      for (const close of closers.splice(0)) await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A view of a directory that a host may close. */
function sharing(directory: TableDirectory): Directory {
  return {
    members: (service) => directory.members(service),
    watch: (service, changed) => directory.watch(service, changed),
    has: (service) => directory.has(service),
    suspect: (service, member) => directory.suspect(service, member),
    close: () => {},
  };
}
