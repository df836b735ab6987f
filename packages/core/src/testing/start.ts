import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toClient } from "../call/client/client.ts";
import type { Directory, Member } from "../call/directory/directory.ts";
import { TableDirectory } from "../call/directory/table-directory.ts";
import { createHost, type Host } from "../call/host/host.ts";
import { offerHost } from "../call/host/outside.ts";
import { createSystemClock } from "../clock/system-clock.ts";
import { serviceDefinition } from "../declare/definition.ts";
import { type Resource, resourceDefinition } from "../declare/resource.ts";
import type { AnyService, Client, Service } from "../declare/types.ts";
import { type App, compose } from "../describe/compose.ts";
import { hashTopology, replicaName, type Topology } from "../describe/topology.ts";
import { HadronError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { createMemoryTransport, MemoryRegistry } from "../transport/memory/memory.ts";
import { type MemoryWorld, ReplicaInProcess } from "./replica-in-process.ts";

export interface StartOptions {
  /** The app's name. @default "test" */
  readonly app?: string;
  /** Takes each line that a replica logs. @default drops them */
  readonly log?: (line: string) => void;
}

/** One replica of an app under test: it can be killed, slowed down and cut off. */
export interface TestReplica {
  /** Its full name, e.g. `histogram-service.leaf.3`. */
  readonly name: string;
  readonly service: string;
  /** Its number among all replicas of the service, from 0. */
  readonly ordinal: number;
  readonly state: Member["state"];
  /** Calls that it has taken since it started. */
  readonly calls: number;
  /**
   * Ends it as `kill -9` does: calls in it fail. It counts as failed, and callers are told at once; `away: true` makes it
   * one that is being restarted, for which callers wait within their deadline.
   */
  kill(options?: { readonly away?: boolean }): void;
  /** Starts it anew, with nothing of what it knew, save what its module keeps: all replicas of a test share the module. */
  restart(): void;
  /** Delivers each piece of what it sends and gets so much later, in milliseconds. */
  slow(ms: number): void;
  /** Breaks its connections and refuses new ones; it lives on. */
  cut(): void;
  /** Delivers nothing any more and says nothing: a peer that hangs. */
  hang(): void;
  /** Undoes `slow`, `cut` and `hang`. */
  restore(): void;
}

/** An app that runs in this process. Disposing of it ends every replica. */
export interface StartedApp extends AsyncDisposable {
  readonly topology: Topology;
  /** A typed client of one of its services. The service value itself will do where one app of the process has it. */
  client<A>(service: Service<A>): Client<A>;
  /** A client by name, e.g. of a leaf: `app.call("histogram-service.leaf", undefined, input)`. */
  call(service: string, procedure: string | undefined, input?: unknown): Promise<unknown>;
  /** One replica: by its service and number, or by its full name. WRONG_USE where there is none. */
  replica(service: AnyService | string, ordinal?: number): TestReplica;
  /** All replicas, or those of one service. */
  replicas(service?: AnyService | string): readonly TestReplica[];
  /** Drains all replicas, then ends them. */
  close(): Promise<void>;
}

/**
 * Starts an app in this process: every replica, the real protocol, no port. `run` in the app's file does nothing when
 * the file is imported by a test, so that a test can start what it exports.
 *
 * @example
 * import { start } from "@hadron/core/testing";
 * import { histogram } from "./histogram.ts";
 *
 * test("the histogram fails when a leaf is dead", async () => {
 *   await using app = await start(histogram);
 *   app.replica("histogram-service.leaf", 3).kill();
 *   await expect(histogram()).rejects.toMatchObject({ code: "UNAVAILABLE" });
 * });
 */
export async function start(
  ...args: readonly [...(AnyService | Resource)[], StartOptions] | readonly (AnyService | Resource)[]
): Promise<StartedApp> {
  const last = args.at(-1);
  const isDeclared = serviceDefinition(last) !== undefined || resourceDefinition(last) !== undefined;
  const options = last === undefined || isDeclared ? {} : (last as StartOptions);
  const services = args.filter((given) => given !== options);
  const app = new AppInProcess(compose(options.app ?? "test", services), options.log ?? (() => {}));
  try {
    await app.started();
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

class AppInProcess implements StartedApp, MemoryWorld {
  readonly topology: Topology;
  readonly app: App;
  readonly hash: string;
  readonly clock = createSystemClock();
  readonly registry = new MemoryRegistry(this.clock);
  readonly log: (line: string) => void;
  readonly #table = new TableDirectory();
  readonly #replicas: ReplicaInProcess[] = [];
  readonly #host: Host;
  readonly #withdraw: () => void;
  #storage: string | undefined;

  constructor(app: App, log: (line: string) => void) {
    this.app = app;
    this.topology = app.topology;
    this.hash = hashTopology(app.topology);
    this.log = log;
    for (const service of this.topology.services) {
      if (service.image !== null) {
        throw new HadronError(
          "FAILED_PRECONDITION",
          `"${service.name}" is a container image, which cannot run in a test's process.`,
        );
      }
      for (let ordinal = 0; ordinal < service.replicas; ordinal++) {
        this.#replicas.push(new ReplicaInProcess(this, service, ordinal));
      }
    }
    for (const service of this.topology.services) this.publish(service.name);
    this.#host = this.createHost(undefined, undefined);
    this.#withdraw = offerHost(this.#host);
  }

  /** Rejects as the first replica does that cannot start. */
  async started(): Promise<void> {
    await Promise.all(this.#replicas.map((replica) => replica.started));
  }

  /** Of a replica; without one, of the test, which is an outside caller. */
  createHost(replica: string | undefined, ordinal: number | undefined): Host {
    const service = replica?.replace(/\.\d+$/, "") ?? "";
    return createHost({
      self: { app: this.topology.app, service, replica, topology: this.hash },
      clock: this.clock,
      directory: this.#view(),
      transports: { memory: createMemoryTransport(this.registry) },
      app: this.app,
      ...(ordinal === undefined ? {} : { ordinal }),
    });
  }

  publish(service: string): void {
    this.#table.set(
      service,
      this.#replicas.filter((one) => one.service === service).map((one) => one.member),
    );
  }

  count(service: string): number {
    return this.#table.members(service).length;
  }

  /** A folder for each shard that stores, kept over its restarts and removed with the app. */
  storage(replica: string): string {
    this.#storage ??= mkdtempSync(join(tmpdir(), "hadron-test-"));
    const folder = join(this.#storage, replica);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  client<A>(service: Service<A>): Client<A> {
    const name = nameOf(service);
    const composed = this.app.services.get(name);
    if (composed === undefined) throw this.#unknown(name);
    return toClient(
      name,
      () => composed.topology.procedures,
      (procedure, input, options) => this.#host.call(name, procedure, input, options),
    ) as Client<A>;
  }

  call(service: string, procedure: string | undefined, input?: unknown): Promise<unknown> {
    return this.#host.call(service, procedure, input, {});
  }

  replica(service: AnyService | string, ordinal?: number): TestReplica {
    const name = nameOf(service);
    const wanted = ordinal === undefined && !this.app.services.has(name) ? name : replicaName(name, ordinal ?? 0);
    const found = this.#replicas.find((one) => one.name === wanted);
    if (found === undefined) throw this.#unknown(wanted);
    return found;
  }

  replicas(service?: AnyService | string): readonly TestReplica[] {
    if (service === undefined) return [...this.#replicas];
    const name = nameOf(service);
    if (!this.app.services.has(name)) throw this.#unknown(name);
    return this.#replicas.filter((one) => one.service === name);
  }

  async close(): Promise<void> {
    this.#withdraw();
    this.#host.close();
    await Promise.all(this.#replicas.map((replica) => replica.end()));
    if (this.#storage !== undefined) rmSync(this.#storage, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A directory of its own for each host, which a host may close. */
  #view(): Directory {
    const table = this.#table;
    const unwatch = new Set<() => void>();
    return {
      members: (service) => table.members(service),
      has: (service) => table.has(service),
      watch: (service, changed) => {
        const stop = table.watch(service, changed);
        unwatch.add(stop);
        return () => {
          unwatch.delete(stop);
          stop();
        };
      },
      suspect: async (service, { name }) => table.members(service).find((one) => one.name === name)?.reason,
      close: () => {
        for (const stop of unwatch) stop();
        unwatch.clear();
      },
    };
  }

  #unknown(name: string): HadronError {
    const names = [...this.app.services.keys(), ...this.#replicas.map((one) => one.name)];
    const near = nearest(name, names);
    return new HadronError(
      "WRONG_USE",
      `The app under test has no "${name}"${near === undefined ? "" : `; did you mean "${near}"?`}`,
    );
  }
}

function nameOf(service: AnyService | string): string {
  if (typeof service === "string") return service;
  const definition = serviceDefinition(service);
  if (definition === undefined) throw new HadronError("WRONG_USE", "That is no service; give a service or its name.");
  return definition.name;
}
