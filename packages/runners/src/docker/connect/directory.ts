import { setTimeout as sleep } from "node:timers/promises";
import { type Directory, type Member, TableDirectory } from "@hadron/core/spi";
import { INTERNAL_PORT } from "../../replica/layout.ts";
import { inspect } from "../containers/inspect.ts";
import type { Engine } from "../engine/client.ts";
import type { EngineEvent } from "../engine/types.ts";
import { replicaOf } from "../names/replica-name.ts";
import { describeDeath, describeExit } from "../world/death.ts";
import { publishedAt } from "../world/endpoint.ts";
import { watchContainers } from "../world/events.ts";
import { ask } from "../world/probe.ts";
import { type SeenContainer, seeContainers } from "../world/world.ts";
import { openTunnel, type Tunnel } from "./tunnel.ts";

const ASK_AGAIN_MS = 50;
/** After the engine went away, how often it is looked for. */
const ENGINE_AGAIN_MS = 500;
/** How long a broken connection may take to be explained. */
const WHY_MS = 250;

/** A replica's container, and what is known of it. */
interface Known {
  readonly container: SeenContainer;
  readonly address: string;
  /** Where it can be asked over HTTP; undefined: only through the engine. */
  readonly http: { readonly host: string; readonly port: number } | undefined;
  state: Member["state"];
  reason: string | undefined;
}

/**
 * The replicas of an app as the engine tells of them. It is told of each container that starts, is asked to stop, or
 * dies, and so knows a new one before the old one goes. A replica is reached at its container's address where that is
 * this machine's own network, else at the port that it publishes, else through the engine.
 */
export class EngineDirectory implements Directory, AsyncDisposable {
  readonly #engine: Engine;
  readonly #app: string;
  readonly #table = new TableDirectory();
  readonly #known = new Map<string, Known>();
  readonly #tunnels = new Map<string, Tunnel>();
  /** Services that are images: they take no calls, and have addresses. */
  readonly #images = new Set<string>();
  readonly #closed = new AbortController();
  readonly #watching: Promise<void>;
  #looking: Promise<void> | undefined;

  constructor(engine: Engine, app: string, containers: readonly SeenContainer[]) {
    this.#engine = engine;
    this.#app = app;
    // What runs already is taken to be ready: where it is not, a connection says so, and the call goes elsewhere.
    this.#take(containers, "ready");
    this.#watching = this.#watch();
  }

  members(service: string): readonly Member[] {
    return this.#table.members(service);
  }

  watch(service: string, changed: () => void): () => void {
    return this.#table.watch(service, changed);
  }

  has(service: string): boolean | undefined {
    return this.#images.has(service) || this.#table.has(service);
  }

  async suspect(_service: string, member: Member): Promise<string | undefined> {
    const known = [...this.#known.values()].find((seen) => nameOf(seen.container) === member.name);
    if (known === undefined) return "it was removed";
    const why = this.#why(known).catch(() => undefined);
    return Promise.race([why, sleep(WHY_MS, undefined, { signal: this.#closed.signal }).catch(() => undefined)]);
  }

  close(): void {
    void this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.#table.close();
    await this.#watching;
    await Promise.all([...this.#tunnels.values()].map((tunnel) => tunnel[Symbol.asyncDispose]()));
    await this.#engine[Symbol.asyncDispose]();
  }

  async #why(known: Known): Promise<string | undefined> {
    const { State } = await inspect(this.#engine, known.container.id, this.#closed.signal);
    if (State.Running) return undefined;
    const reason = describeDeath(State);
    this.#mark(known, "starting", reason);
    return reason;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      try {
        for await (const event of watchContainers(this.#engine, this.#app, signal)) this.#heard(event);
      } catch {
        // The engine is away, as when it is restarted. What we know may still be right; it is looked at anew below.
      }
      if (signal.aborted) return;
      await sleep(ENGINE_AGAIN_MS, undefined, { signal }).catch(() => {});
      await this.#look();
    }
  }

  #heard({ Action, Actor }: EngineEvent): void {
    const known = this.#known.get(Actor.ID);
    if (Action === "start") void this.#look();
    else if (known === undefined) return;
    else if (Action === "kill" && Actor.Attributes.signal === "15") this.#mark(known, "draining", undefined);
    else if (Action === "die") this.#mark(known, "starting", describeExit(Number(Actor.Attributes.exitCode)));
    else if (Action === "destroy") {
      this.#known.delete(Actor.ID);
      this.#publish(known.container.service);
    }
  }

  /** Looks at the containers anew. One look at a time; whoever asks during one gets the next. */
  #look(): Promise<void> {
    const before = this.#looking ?? Promise.resolve();
    const look = before.then(async () => {
      try {
        this.#take(await seeContainers(this.#engine, this.#app, this.#closed.signal), "starting");
      } catch {
        // As in #watch: the engine is away, or this was closed.
      }
    });
    this.#looking = look;
    return look;
  }

  #take(containers: readonly SeenContainer[], fresh: "ready" | "starting"): void {
    const replicas = containers.filter((container) => container.role === "replica");
    for (const { role, service } of containers) if (role === "image") this.#images.add(service);
    const services = new Set<string>();
    for (const [id, { container }] of this.#known) {
      if (replicas.some((replica) => replica.id === id)) continue;
      this.#known.delete(id);
      services.add(container.service);
    }
    for (const container of replicas) {
      if (container.state !== "running") continue;
      const before = this.#known.get(container.id);
      const { address, http } = this.#wayTo(container);
      if (before?.address === address && before.state !== "starting") continue;
      const known: Known = { container, address, http, state: fresh, reason: undefined };
      this.#known.set(container.id, known);
      services.add(container.service);
      if (fresh === "starting") void this.#awaitReady(known);
    }
    for (const service of services) this.#publish(service);
  }

  /** Asks one that has just started until it says that it is ready. */
  async #awaitReady(known: Known): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted && this.#known.get(known.container.id) === known && known.state === "starting") {
      const answer =
        known.http === undefined ? { status: 200 } : await ask({ ...known.http, path: "/readyz" }, undefined);
      if (answer?.status === 200) {
        if (known.state === "starting") this.#mark(known, "ready", undefined);
        return;
      }
      await sleep(ASK_AGAIN_MS, undefined, { signal }).catch(() => {});
    }
  }

  #wayTo(container: SeenContainer): Pick<Known, "address" | "http"> {
    const http =
      container.address !== undefined
        ? { host: container.address, port: INTERNAL_PORT }
        : publishedAt(container, this.#engine.address);
    if (http !== undefined)
      return { address: `tcp:${http.host.includes(":") ? `[${http.host}]` : http.host}:${http.port}`, http };
    let tunnel = this.#tunnels.get(container.id);
    if (tunnel === undefined) {
      tunnel = openTunnel(this.#engine, container.id, INTERNAL_PORT);
      this.#tunnels.set(container.id, tunnel);
    }
    return { address: tunnel.address, http: undefined };
  }

  #mark(known: Known, state: Member["state"], reason: string | undefined): void {
    known.state = state;
    known.reason = reason;
    this.#publish(known.container.service);
  }

  #publish(service: string): void {
    const own = [...this.#known.values()].filter((seen) => seen.container.service === service);
    this.#table.set(
      service,
      own.map(({ container, address, state, reason }) => ({
        ordinal: -1,
        name: nameOf(container),
        address,
        state,
        reason,
      })),
    );
  }
}

/** While one replaces another, both are the same replica: the container tells them apart. */
function nameOf(container: SeenContainer): string {
  return `${replicaOf(container)}@${container.id.slice(0, 12)}`;
}
