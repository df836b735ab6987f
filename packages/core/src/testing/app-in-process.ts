import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toClient } from "../call/client/client.ts";
import { addressesOfMembers } from "../call/directory/addresses.ts";
import type { Directory } from "../call/directory/directory.ts";
import { TableDirectory } from "../call/directory/table-directory.ts";
import { createHost, type Host, type HostOptions } from "../call/host/host.ts";
import { offerHost } from "../call/host/outside.ts";
import type { Clock } from "../clock/clock.ts";
import { serviceDefinition } from "../declare/definition.ts";
import type { AnyService, Client, Service } from "../declare/types.ts";
import type { App } from "../describe/compose/app.ts";
import { findLack, toLackError } from "../describe/features.ts";
import { hashTopology, replicaName, type Topology } from "../describe/topology.ts";
import { toWaves } from "../describe/waves.ts";
import { HadronError } from "../errors.ts";
import type { CaptureRecords } from "../given/capture-record.ts";
import type { GivenValues } from "../given/given-values.ts";
import { nearest } from "../nearest.ts";
import { givenForTest } from "../serve/read-given.ts";
import { createMemoryTransport, MemoryRegistry } from "../transport/memory/memory.ts";
import type { OwnModules } from "./modules/own-module.ts";
import { type MemoryWorld, ReplicaInProcess } from "./replica-in-process.ts";
import type { StartedApp } from "./started-app.ts";
import { TestHost } from "./test-host.ts";
import type { TestReplica } from "./test-replica.ts";
import type { TestTime } from "./time/test-time.ts";

/** Secrets, whoever makes them, are in the test's own environment. Nobody comes from outside: what is said of TLS and of connections says nothing here. */
const PROVIDES = ["storage", "generated-secrets", "tls", "ingress-tls", "connections", "others-connections"] as const;

export interface AppInProcessOptions {
  readonly app: App;
  readonly own: OwnModules | string;
  readonly time: TestTime;
  readonly captures: CaptureRecords;
  readonly log: (line: string) => void;
}

export class AppInProcess implements StartedApp, MemoryWorld {
  readonly topology: Topology;
  readonly app: App;
  readonly hash: string;
  readonly own: OwnModules | string;
  readonly registry: MemoryRegistry;
  readonly log: (line: string) => void;
  readonly given: GivenValues;
  readonly #time: TestTime;
  readonly #table = new TableDirectory();
  readonly #replicas: ReplicaInProcess[] = [];
  readonly #host: Host;
  readonly #withdraw: () => void;
  #storage: string | undefined;

  constructor({ app, own, time, captures, log }: AppInProcessOptions) {
    this.#time = time;
    this.given = givenForTest(app, process.env, captures);
    this.own = own;
    this.registry = new MemoryRegistry(time.clock);
    this.app = app;
    this.topology = app.topology;
    this.hash = hashTopology(app.topology);
    this.log = log;
    const lack = findLack(this.topology, PROVIDES);
    if (lack !== undefined) throw toLackError(lack, "a test's process");
    for (const service of this.topology.services) {
      for (let ordinal = 0; ordinal < service.replicas; ordinal++) {
        this.#replicas.push(new ReplicaInProcess(this, service, ordinal));
      }
    }
    for (const service of this.topology.services) this.publish(service.name);
    this.#host = new TestHost(this.#hostOptions(undefined), time);
    this.#withdraw = offerHost(this.#host);
  }

  get clock(): Clock {
    return this.#time.clock;
  }

  get sharedBecause(): string | undefined {
    return typeof this.own === "string" ? this.own : undefined;
  }

  advance(duration: number | string): Promise<void> {
    return this.#time.advance(duration);
  }

  /** Rejects as the first replica does that cannot start. */
  async started(): Promise<void> {
    await this.#time.during(Promise.all(this.#replicas.map((replica) => replica.started)));
  }

  createHost(replica: string, ordinal: number, start: number): Host {
    return createHost({ ...this.#hostOptions(replica), clock: this.#time.clockOf(replica, start), ordinal });
  }

  /** Of a replica; without one, of the test, which is an outside caller. */
  #hostOptions(replica: string | undefined): HostOptions {
    const service = replica?.replace(/\.\d+$/, "") ?? "";
    const directory = this.#view();
    return {
      addresses: addressesOfMembers(directory),
      self: { app: this.topology.app, service, replica, topology: this.hash },
      clock: this.#time.clock,
      directory,
      transports: { memory: createMemoryTransport(this.registry) },
      app: this.app,
      given: this.given,
    };
  }

  publish(service: string): void {
    this.#table.set(
      service,
      this.#replicas.filter((replica) => replica.service === service).map((replica) => replica.member),
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
      () => composed.procedures,
      (procedure, input, options) => this.#host.call(name, procedure, input, options),
    ) as Client<A>;
  }

  call(service: string, procedure: string | undefined, input?: unknown): Promise<unknown> {
    return this.#host.call(service, procedure, input, {});
  }

  replica(service: AnyService | string, ordinal?: number): TestReplica {
    const name = nameOf(service);
    const wanted = ordinal === undefined && !this.app.services.has(name) ? name : replicaName(name, ordinal ?? 0);
    const found = this.#replicas.find((replica) => replica.name === wanted);
    if (found === undefined) throw this.#unknown(wanted);
    return found;
  }

  replicas(service?: AnyService | string): readonly TestReplica[] {
    if (service === undefined) return [...this.#replicas];
    const name = nameOf(service);
    if (!this.app.services.has(name)) throw this.#unknown(name);
    return this.#replicas.filter((replica) => replica.service === name);
  }

  async close(): Promise<void> {
    this.#withdraw();
    this.#host.close();
    for (const wave of toWaves(this.topology)) {
      const ending = this.#replicas.filter(({ service }) => wave.has(service));
      await this.#time.during(Promise.all(ending.map((replica) => replica.end())));
    }
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
      suspect: async (service, { name }) => table.members(service).find((member) => member.name === name)?.reason,
      close: () => {
        for (const stop of unwatch) stop();
        unwatch.clear();
      },
    };
  }

  #unknown(name: string): HadronError {
    const names = [...this.app.services.keys(), ...this.#replicas.map((replica) => replica.name)];
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
