import type { PassingCall, StartedApp } from "@hadron/core/testing";
import type { Batch, ClaimedRuns, Operation, RunEvent } from "@hadron/resources/store";

const STORE = "hadron.store";

/** When a replica crashes: at which commit of the scenario, from 0. Before: nothing of it is kept. After: its replica hears nothing. */
export interface Crash {
  readonly commit: number;
  readonly when: "before" | "after";
}

/** What a replica asked the store to keep of durable programs. */
export interface Commit {
  readonly replica: string;
  readonly words: string;
}

/** Stands before an app's store, counts what is committed of durable programs, and crashes who commits. */
export class Crasher {
  readonly commits: Commit[] = [];
  readonly #app: StartedApp;
  readonly #crashes: readonly Crash[];
  /** Which commit a batch is, by the client and its number: one that is sent again is the same. */
  readonly #batches = new Map<string, number>();
  #isOver = false;

  constructor(app: StartedApp, crashes: readonly Crash[]) {
    this.#app = app;
    this.#crashes = crashes;
    app.replica(STORE).intercept({
      call: (call) => this.#call(call),
      answer: (call, output) => this.#answer(call, output),
    });
  }

  /** Counts no more, and crashes nobody. */
  end(): void {
    this.#isOver = true;
  }

  #call({ procedure, input, caller }: PassingCall): "lost" | undefined {
    if (this.#isOver || caller === undefined || procedure !== "commit") return undefined;
    const { client, number, operations } = input as Batch;
    const name = `${client} ${number}`;
    const words = operations.flatMap(inWords);
    if (words.length === 0 || this.#batches.has(name)) return undefined;
    this.#batches.set(name, this.#committed(caller, words.join("; ")));
    return this.#crash(this.commits.length - 1, "before", caller);
  }

  #answer({ procedure, input, caller }: PassingCall, output: unknown): "lost" | undefined {
    if (this.#isOver || caller === undefined) return undefined;
    if (procedure === "claimRuns") return this.#claimed(caller, (output as ClaimedRuns).runs.length);
    if (procedure !== "commit") return undefined;
    const { client, number } = input as Batch;
    const commit = this.#batches.get(`${client} ${number}`);
    return commit === undefined ? undefined : this.#crash(commit, "after", caller);
  }

  /** Runs are taken by the store's own commit, of which nobody knows ahead: a crash before it is one that comes too early. */
  #claimed(caller: string, runs: number): "lost" | undefined {
    if (runs === 0) return undefined;
    const commit = this.#committed(caller, `takes ${runs} run${runs === 1 ? "" : "s"}`);
    return this.#crash(commit, "before", caller) ?? this.#crash(commit, "after", caller);
  }

  #committed(replica: string, what: string): number {
    return this.commits.push({ replica, words: `${replica} ${what}` }) - 1;
  }

  #crash(commit: number, when: Crash["when"], caller: string): "lost" | undefined {
    if (!this.#crashes.some((crash) => crash.commit === commit && crash.when === when)) return undefined;
    // Not while the store reads from the connection that ends by it.
    queueMicrotask(() => this.#app.replica(caller).restart());
    return "lost";
  }
}

function toWords({ type, command }: RunEvent): string {
  return command === undefined ? type : `${type} ${command}`;
}

/** Operations by which a durable program goes on. */
function inWords(operation: Operation): string[] {
  switch (operation.kind) {
    case "start-run":
      return [`starts ${[`${operation.program}/${operation.id}`, ...(operation.more ?? []).map(toWords)].join(", ")}`];
    case "send-run":
      return [`tells ${operation.program}/${operation.id}`];
    case "resume-run":
      return [`resumes ${operation.program}/${operation.id}`];
    case "append-run": {
      const { program, run, events, next } = operation;
      return [`appends to run ${run} of ${program}: ${[...events.map(toWords), next.state].join(", ")}`];
    }
    default:
      return [];
  }
}
