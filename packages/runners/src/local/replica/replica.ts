import type { Socket } from "node:net";
import { HadronError, type Member, type ReplicaState, type ReplicaStatus, type ToReplica } from "@hadron/core/spi";
import { type Current, processOf } from "./current.ts";
import type { Exit } from "./exit.ts";
import { Incarnation } from "./incarnation.ts";
import { LastExit } from "./last-exit.ts";
import type { ReplicaOptions } from "./options.ts";
import { GIVE_UP_DEATHS, RestartPolicy } from "./restart-policy.ts";

/** Callers learn that a replica goes, or has moved, this much before it is told to drain. */
export const RETIRE_MS = 50;
/** After SIGTERM a replica gets its service's drainMs, and this to part from its callers and to dispose, a second each. */
const DRAIN_MARGIN_MS = 2500;

/** A replica: one process after the other, until it is stopped, or has died too often. */
export class LocalReplica {
  #options: ReplicaOptions;
  readonly #policy: RestartPolicy;
  #current: Current = { kind: "none" };
  /** Is to take its place. */
  #next: Incarnation | undefined;
  #state: ReplicaState = "starting";
  #reason: string | null = null;
  #restarts = 0;
  #stopping: Promise<void> | undefined;
  readonly #lastExit: LastExit;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#policy = new RestartPolicy(options.clock);
    this.#lastExit = new LastExit(options.clock);
  }

  get name(): string {
    return this.#options.name;
  }

  get ordinal(): number {
    return this.#options.ordinal;
  }

  get revision(): string {
    return this.#options.revision;
  }

  get state(): ReplicaState {
    return this.#state;
  }

  /** See {@link Incarnation.pending}. */
  get pending(): number {
    return this.#process?.pending ?? 0;
  }

  get #process(): Incarnation | undefined {
    return processOf(this.#current);
  }

  get member(): Member {
    const reason = this.#state === "ready" ? undefined : (this.#reason ?? undefined);
    return {
      ordinal: this.ordinal,
      name: this.name,
      address: this.#process?.address ?? "",
      state: this.#state,
      reason,
      addresses: this.#process?.addresses,
    };
  }

  async status(): Promise<ReplicaStatus> {
    return this.statusWith((await this.#process?.calls()) ?? null);
  }

  statusWith(calls: number | null): ReplicaStatus {
    const hangs = this.#state === "ready" && calls === null;
    const reason = hangs ? "does not answer: it is stopped, or too busy" : this.#reason;
    return { name: this.name, state: this.#state, restarts: this.#restarts, reason, calls };
  }

  /** Starts it. Rejects as {@link Incarnation.ready} does; it is then not started again. */
  async start(): Promise<void> {
    this.#refuseIfStopping();
    const process = this.#launch(this.#options);
    this.#current = { kind: "first", process };
    try {
      await process.ready;
    } finally {
      // Also where it has ended because of that.
      this.#refuseIfStopping();
    }
  }

  /**
   * Has a process by new options take the place of the one that runs. Of a replica that stores nothing the next one is ready
   * before the first drains; of one that stores, the first is gone before the next starts (L6), callers wait meanwhile, and
   * where the next one does not become ready, the first comes back.
   */
  async replace(options: ReplicaOptions): Promise<void> {
    this.#cancelRestart();
    // Both: what is stored now has an owner, and so has what is to be stored.
    if (this.#options.stores || options.stores) await this.#handOver(options);
    else await this.#overlap(options);
  }

  async #overlap(options: ReplicaOptions): Promise<void> {
    const next = this.#launch(options);
    this.#next = next;
    await next.ready.finally(() => (this.#next = undefined));
    const before = this.#process;
    this.#take(next, options);
    await new Promise<void>((resolve) => options.clock.after(RETIRE_MS, resolve));
    await before?.stop(options.drainMs + DRAIN_MARGIN_MS);
  }

  async #handOver(options: ReplicaOptions): Promise<void> {
    const { clock, drainMs } = this.#options;
    const before = this.#process;
    if (before !== undefined) this.#current = { kind: "over", process: before };
    this.#become("draining", "it is being replaced");
    await new Promise<void>((resolve) => clock.after(RETIRE_MS, resolve));
    await before?.stop(drainMs + DRAIN_MARGIN_MS);
    this.#refuseIfStopping();
    this.#become("starting", "it is being replaced");
    const next = this.#launch(options);
    this.#next = next;
    try {
      await next.ready;
    } catch (error) {
      await next.exited;
      this.#next = undefined;
      if (this.#stopping === undefined) this.#current = { kind: "kept", process: this.#launch(this.#options) };
      throw error;
    }
    this.#next = undefined;
    this.#take(next, options);
  }

  #take(next: Incarnation, options: ReplicaOptions): void {
    this.#cancelRestart();
    this.#options = options;
    this.#current = { kind: "kept", process: next };
    this.#become("ready", null);
  }

  send(message: ToReplica): void {
    this.#process?.send(message);
  }

  /** As {@link Incarnation.pass}. */
  pass(socket: Socket): Promise<boolean> {
    return this.#process?.pass(socket) ?? Promise.resolve(false);
  }

  /** Why a connection to it broke, if that is known, or soon will be. */
  because(): Promise<string | null> {
    return this.#lastExit.because(this.#process?.exited);
  }

  /** From now on callers go elsewhere, as soon as the directory says so. */
  retire(): void {
    if (this.#state !== "failed") this.#become("draining", this.#reason);
  }

  /** Drains and ends it. Resolves when its process is gone. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Ends it at once, even while it drains. */
  async kill(): Promise<void> {
    const stopped = this.stop();
    await Promise.all([this.#process?.kill(), this.#next?.kill()]);
    await stopped;
  }

  async #stop(): Promise<void> {
    this.#cancelRestart();
    this.retire();
    const waitMs = this.#options.drainMs + DRAIN_MARGIN_MS;
    await Promise.all([this.#process?.stop(waitMs), this.#next?.stop(waitMs)]);
  }

  #refuseIfStopping(): void {
    if (this.#stopping === undefined) return;
    throw new HadronError("CANCELLED", `${this.name} was stopped before it was ready.`);
  }

  #launch(options: ReplicaOptions): Incarnation {
    const incarnation = new Incarnation({
      ...options,
      ...options.launch(),
      changed: (changed) => {
        if (this.#isWatched(changed)) this.#follow(changed);
      },
    });
    incarnation.send(options.greet());
    const { pid } = incarnation;
    if (pid !== undefined) options.began(pid);
    void incarnation.exited.then((exit) => {
      if (pid !== undefined) options.ended(pid);
      if (this.#isWatched(incarnation)) this.#died(incarnation, exit);
    });
    return incarnation;
  }

  #isWatched(process: Incarnation): boolean {
    return this.#process === process && this.#current.kind !== "over";
  }

  #follow(process: Incarnation): void {
    const { state } = process;
    if (this.#stopping !== undefined) return;
    if (state === "ready") this.#current = { kind: "kept", process };
    if (state === "ready" || state === "draining") this.#become(state, this.#reason);
  }

  #cancelRestart(): void {
    if (this.#current.kind === "dead") this.#current.cancelRestart();
  }

  #died(process: Incarnation, exit: Exit): void {
    this.#lastExit.record(exit);
    if (this.#stopping !== undefined) return;
    if (this.#current.kind === "first") {
      this.#current = { kind: "over", process };
      this.#become("failed", exit.reason);
      return;
    }
    const delayMs = this.#policy.died();
    if (delayMs === undefined) {
      const gaveUp = `${exit.reason}; it died ${GIVE_UP_DEATHS} times within a minute, and is not started again.`;
      this.#say("error", gaveUp);
      this.#current = { kind: "over", process };
      this.#become("failed", gaveUp + process.lastLines());
      return;
    }
    this.#say("warn", `${exit.reason}; it is started again`);
    this.#current = { kind: "dead", process, cancelRestart: this.#restartIn(delayMs, exit.reason) };
    this.#become("starting", exit.reason);
  }

  #restartIn(delayMs: number, reason: string): () => void {
    return this.#options.clock.after(delayMs, () => {
      this.#restarts++;
      this.#current = { kind: "kept", process: this.#launch(this.#options) };
      this.#become("starting", reason);
    });
  }

  /** Into its log, in the form in which it writes there itself. */
  #say(level: "warn" | "error", message: string): void {
    this.#options.line(JSON.stringify({ time: new Date().toISOString(), level, replica: this.name, message }));
  }

  #become(state: ReplicaState, reason: string | null): void {
    this.#state = state;
    this.#reason = reason;
    this.#options.changed();
  }
}
