import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  type FromReplica,
  hashTopology,
  type Member,
  replicaName,
  Scope,
  TableDirectory,
  type Topology,
  type ToReplica,
} from "@hadron/core/spi";
import { createHost, type Host } from "../packages/core/src/call/host/host.ts";
import { createOutsideTransports } from "../packages/core/src/connect/transports.ts";
import { endEsbuild, nodeFlags } from "../packages/runners/src/bundle/index.ts";
import { compiledFolder, stage, toLayout } from "../packages/runners/src/layout/index.ts";
import { endProcess, extraFlags } from "./harness-process.ts";

export interface AppOptions {
  /** What replicas call each other over. */
  readonly sockets: "unix" | "tcp";
  /** Whether exposed services listen on a port of their own. Under the local runner they do not: the runner does. @default true */
  readonly ports?: boolean;
  /** Called with what the replicas log. @default it is thrown away */
  readonly logged?: (text: string) => void;
  /** As they are given to `up`, e.g. `--store=postgres`. @default none */
  readonly flags?: readonly string[];
  /** For the replicas, beside what a runner tells them. @default nothing */
  readonly env?: Readonly<Record<string, string>>;
  /** Where its layout is laid out, with what Node compiled of it at a start before. @default one of its own: a first start */
  readonly cache?: string;
  /** The folder of the one service that keeps anything. @default one of its own */
  readonly storage?: string;
}

/** The replicas of an app, started by hand as the local runner does, so that a bench can say over what they speak. */
export interface BenchApp {
  readonly name: string;
  /** The process ids of a service's replicas; of all replicas without a name. */
  pids(service?: string): readonly number[];
  /** Where an exposed service listens, as a URL. */
  url(service: string): string;
  /** Where a replica listens for others. */
  address(service: string, ordinal?: number): string;
  /** Calls a service from outside, traced, with all the time that a bench has. */
  call<T>(service: string, procedure: string, input?: unknown): Promise<T>;
  close(): Promise<void>;
}

/** Any; it makes each call in the measured path a traced one. */
const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

export async function startApp(file: URL, options: AppOptions): Promise<BenchApp> {
  const entry = file.pathname;
  const folder = mkdtempSync(join(tmpdir(), "hadron-bench-"));
  const children: { readonly service: string; readonly child: ChildProcess; readonly exposed: readonly string[] }[] =
    [];
  const directory = new TableDirectory();
  let host: Host | undefined;
  const close = async () => {
    host?.close();
    await Promise.all(children.map(({ child }) => endProcess(child)));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [entry, "describe", ...(options.flags ?? [])]);
    const topology = JSON.parse(stdout) as Topology;
    const cache = options.cache ?? folder;
    const layout = await toLayout({ entry, topology }, { cache });
    await endEsbuild();
    const staged = stage(layout, { cache, app: topology.app });
    const topologyFile = join(folder, "topology.json");
    writeFileSync(topologyFile, JSON.stringify(topology));

    const members: Record<string, Member[]> = {};
    const starting: Promise<unknown>[] = [];
    for (const service of topology.services) {
      members[service.name] = [];
      for (let ordinal = 0; ordinal < service.replicas; ordinal++) {
        const address =
          options.sockets === "unix" ? `unix:${folder}/${starting.length}` : `tcp:127.0.0.1:${await freePort()}`;
        const name = replicaName(service.name, ordinal);
        members[service.name]!.push({ ordinal, name, address, state: "ready", reason: undefined });
        const child = spawn(
          process.execPath,
          [...nodeFlags(service.capacity), ...extraFlags, join(staged, "app.mjs")],
          {
            cwd: join(staged, "files"),
            stdio: ["ignore", options.logged === undefined ? "ignore" : "pipe", 2, "ipc"],
            env: {
              PATH: process.env.PATH,
              NODE_COMPILE_CACHE: compiledFolder(staged),
              HADRON_COMPILED: compiledFolder(staged),
              ...options.env,
              HADRON_SERVICE: service.name,
              HADRON_ORDINAL: String(ordinal),
              HADRON_NAME: name,
              HADRON_APP: topology.app,
              HADRON_REVISION: "bench",
              HADRON_TOPOLOGY: topologyFile,
              HADRON_TOPOLOGY_HASH: hashTopology(topology),
              HADRON_LISTEN: address,
              ...(service.storage === null
                ? {}
                : { HADRON_STORAGE: options.storage ?? mkdtempSync(join(folder, "storage-")) }),
              HADRON_EXPOSE: service.exposed && options.ports !== false ? "tcp:127.0.0.1:0" : "",
            },
          },
        );
        child.stdout?.on("data", (chunk: Buffer) => options.logged?.(chunk.toString()));
        const exposed: string[] = [];
        children.push({ service: service.name, child, exposed });
        starting.push(ready(child, name).then((addresses) => exposed.push(...addresses)));
      }
    }
    // Before they are ready, too: some call others while they start.
    const tell = () => {
      for (const { child } of children) child.send({ type: "directory", services: members } satisfies ToReplica);
    };
    tell();
    await Promise.all(starting);
    tell();
    for (const [service, list] of Object.entries(members)) directory.set(service, list);
    const self = { app: topology.app, service: "bench", replica: undefined, topology: "" };
    const calling = createHost({ self, directory, transports: createOutsideTransports() });
    const { clock } = calling;
    host = calling;
    return {
      name: topology.app,
      pids: (service) =>
        children.filter((one) => service === undefined || one.service === service).map(({ child }) => child.pid!),
      url: (service) => children.find((one) => one.service === service)!.exposed[0]!.replace(/^tcp:/, "http://"),
      address: (service, ordinal = 0) => members[service]![ordinal]!.address,
      call: async <T>(service: string, procedure: string, input?: unknown) => {
        const scope = new Scope({ clock, deadlineAt: clock.now() + 60_000, trace: TRACE });
        try {
          return (await calling.channel(service).callAny(procedure, input, scope)) as T;
        } finally {
          scope.end();
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Resolves with the exposed addresses, once the replica serves. */
function ready(child: ChildProcess, name: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    child.on("message", (message: FromReplica) => {
      if (message.type === "ready") resolve(message.exposed);
      if (message.type === "failed") reject(new Error(`${name} does not start: ${message.message}`));
    });
    child.on("exit", (code, signal) => reject(new Error(`${name} ended: ${signal ?? `exit code ${code}`}`)));
  });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
