import type { Socket } from "node:net";
import type { Certificate, FromReplica, Member, ToReplica } from "@hadron/core/spi";
import { HadronError, isErrorCode } from "@hadron/core/spi";
import type { Exit } from "./exit.ts";
import { HangWatch } from "./hang-watch.ts";
import { type Launch, ReplicaProcess } from "./replica-process.ts";
import type { Clock } from "./restart-policy.ts";

export interface IncarnationOptions {
  /** The replica's name, for messages. */
  readonly name: string;
  readonly launch: Launch;
  /** Where it will listen. */
  readonly address: string;
  readonly startTimeoutMs: number;
  /** See {@link ReplicaOptions.hangMs}. */
  readonly hangMs: number | undefined;
  readonly clock: Clock;
  readonly line: (line: string) => void;
  /** It saw a peer go away, and asks why. */
  readonly suspect: (service: string, name: string) => Promise<string | null>;
  /** See {@link ReplicaOptions.certificate}. */
  readonly certificate: (host: string | undefined) => Promise<Certificate | null>;
  /** Its state changed. */
  readonly changed: (incarnation: Incarnation) => void;
}

const LOAD_TIMEOUT_MS = 300;
const SHOWN_LINES = 10;

/** One process of a replica and what it has said: starting, ready, draining, gone. Never starts again. */
export class Incarnation {
  readonly address: string;
  readonly exited: Promise<Exit>;
  readonly #options: IncarnationOptions;
  readonly #process: ReplicaProcess;
  readonly #ready = Promise.withResolvers<void>();
  readonly #loads = new Map<number, (calls: number | null) => void>();
  readonly #passing = new Set<(passed: boolean) => void>();
  readonly #cancelTimer: () => void;
  #nextLoad = 1;
  #watch: HangWatch | undefined;
  #addresses: Member["addresses"];
  #state: "starting" | "ready" | "draining" | "gone" = "starting";
  #refusal: { readonly code: string; readonly message: string } | undefined;

  constructor(options: IncarnationOptions) {
    this.#options = options;
    this.address = options.address;
    this.#process = new ReplicaProcess(options.launch, {
      message: (message) => this.#receive(message),
      line: options.line,
    });
    this.#cancelTimer = options.clock.after(options.startTimeoutMs, () => {
      this.#refusal = { code: "RUNNER_FAILED", message: `it was not ready after ${options.startTimeoutMs / 1000} s` };
      this.#process.kill();
    });
    // Whoever waits for `ready` hears of it; a replica that is started again is watched by `exited`.
    this.#ready.promise.catch(() => {});
    this.exited = this.#process.exited.then((exit) => this.#end(exit));
  }

  /** Of a stand-in that is ready: where the ports of its image are. */
  get addresses(): Member["addresses"] {
    return this.#addresses;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get state(): "starting" | "ready" | "draining" | "gone" {
    return this.#state;
  }

  /** Connections that were passed to it and that it has not taken yet: a replica that hangs takes none. */
  get pending(): number {
    return this.#passing.size;
  }

  /** Resolves when it serves. Rejects if it ends before: RUNNER_FAILED, or the code that it gave, with its last lines. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  send(message: ToReplica): void {
    this.#process.send(message);
  }

  /** Passes an outside caller's connection on. Resolves with whether it is on its way; see {@link ReplicaProcess.pass}. */
  pass(socket: Socket): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (passed: boolean) => {
        if (this.#passing.delete(done)) resolve(passed);
      };
      this.#passing.add(done);
      this.#process.pass(socket, done);
    });
  }

  /** How many calls it has taken; null where it does not say in time: it may hang. */
  async calls(): Promise<number | null> {
    if (this.#state !== "ready" && this.#state !== "draining") return null;
    const id = this.#nextLoad++;
    const { promise, resolve } = Promise.withResolvers<number | null>();
    this.#loads.set(id, resolve);
    const cancel = this.#options.clock.after(LOAD_TIMEOUT_MS, () => resolve(null));
    this.send({ type: "load?", id });
    const calls = await promise;
    cancel();
    this.#loads.delete(id);
    return calls;
  }

  /** Drains and ends it, by force after `waitMs`. Resolves when the process is gone. */
  async stop(waitMs: number): Promise<void> {
    this.#process.terminate();
    const cancel = this.#options.clock.after(waitMs, () => this.#process.kill());
    await this.exited;
    cancel();
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.#process.kill();
    await this.exited;
  }

  /** What it wrote last, to be put behind a reason; "" if it wrote nothing. */
  lastLines(): string {
    // A refusal is said twice: by message, and as a line for runners without messages.
    const said = this.#process.tail.filter((line) => this.#refusal === undefined || !line.startsWith('{"error":'));
    const first = said.findIndex((line) => line.trim() !== "");
    const last = said.findLastIndex((line) => line.trim() !== "");
    if (first < 0) return "";
    const shown = said.slice(Math.max(first, last + 1 - SHOWN_LINES), last + 1);
    return `\nIts last lines:\n${shown.map((line) => `  ${line}`).join("\n")}`;
  }

  #watchForHang(): void {
    const { hangMs, clock } = this.#options;
    if (hangMs === undefined) return;
    this.#watch = new HangWatch({
      hangMs,
      clock,
      ask: () => void this.calls(),
      hangs: () => {
        const message = `it hung: it answered nothing for ${hangMs / 1000} s (limits.hangMs)`;
        this.#refusal = { code: "UNAVAILABLE", message };
        this.#process.kill();
      },
    });
  }

  #receive(message: FromReplica): void {
    this.#watch?.heard();
    if (message.type === "ready" && this.#state === "starting") {
      this.#cancelTimer();
      this.#addresses = message.addresses;
      this.#become("ready");
      this.#ready.resolve();
      this.#watchForHang();
    } else if (message.type === "failed") this.#refusal = message;
    else if (message.type === "draining") this.#become("draining");
    else if (message.type === "load") this.#loads.get(message.id)?.(message.calls);
    else if (message.type === "suspect") {
      const { id, service, name } = message;
      void this.#options.suspect(service, name).then((reason) => this.send({ type: "because", id, reason }));
    } else if (message.type === "certificate?") {
      const { id, host } = message;
      const answer = (certificate: Certificate | null) => this.send({ type: "certificate", id, certificate });
      this.#options.certificate(host ?? undefined).then(answer, () => answer(null));
    }
  }

  #end(exit: Exit): Exit {
    this.#cancelTimer();
    this.#watch?.stop();
    for (const answer of this.#loads.values()) answer(null);
    // Node keeps what it could not send yet to itself.
    for (const done of this.#passing) done(false);
    const reason = this.#refusal?.message ?? exit.reason;
    this.#ready.reject(this.#startError(reason));
    this.#become("gone");
    return { ...exit, reason };
  }

  #startError(reason: string): HadronError {
    const { name } = this.#options;
    const code = this.#refusal !== undefined && isErrorCode(this.#refusal.code) ? this.#refusal.code : "RUNNER_FAILED";
    const what =
      this.#refusal === undefined
        ? `Replica ${name} ended before it was ready: ${reason}.`
        : `Replica ${name} cannot start: ${reason}`;
    return new HadronError(code, what + this.lastLines());
  }

  #become(state: "ready" | "draining" | "gone"): void {
    this.#state = state;
    this.#options.changed(this);
  }
}
