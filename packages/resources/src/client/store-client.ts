import { HadronError, waitFor } from "@hadron/core/spi";
import type { Answers, Operation, Outcome, Query, Results } from "../store/contract/operations.ts";
import type { TimeSource } from "../store/contract/store-clock.ts";
import type { StoreLink } from "./link.ts";
import { Outboxes } from "./outboxes.ts";

/** Time and chance of a process. */
export interface ClientTime extends TimeSource {
  /** From 0 to below 1. */
  random(): number;
}

/** As many operations go in one batch at most: a transaction should not keep others waiting. */
const MOST_OPERATIONS = 1000;

/** What a handler waits for meanwhile, as its caller is told. */
const STORE = "hadron.store";

interface Waiting<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * One process's side of a store. What is written, and what is read, in one turn shares a trip. Its batches are numbered, so
 * that the store knows one that it had before.
 */
export class StoreClient {
  readonly link: StoreLink;
  readonly time: ClientTime;
  readonly outboxes: Outboxes;
  /** Unique to this life of this process. */
  readonly name: string;
  #operations: (Waiting<Outcome> & { readonly operation: Operation })[] = [];
  #queries: (Waiting<unknown> & { readonly query: Query })[] = [];
  #isScheduled = false;
  #number = 0;
  #names = 0;
  /** Batches without an answer yet. */
  readonly #open = new Set<number>();

  constructor(link: StoreLink, time: ClientTime, name: string) {
    this.link = link;
    this.outboxes = new Outboxes(link);
    this.time = time;
    this.name = name;
  }

  /**
   * Does one operation, durably. ABORTED, OVERLOADED, NOT_FOUND where the store refuses it; UNAVAILABLE where nobody knows
   * whether it was done.
   */
  async do<O extends Operation>(operation: O): Promise<Results[O["kind"]]> {
    const waited = new Promise<Outcome>((resolve, reject) => {
      this.#operations.push({ operation, resolve, reject });
      this.#schedule();
    });
    const outcome = await waitFor(waited, STORE);
    if ("refused" in outcome) throw new HadronError(outcome.refused.code, outcome.refused.message);
    return outcome.ok as Results[O["kind"]];
  }

  /** Reads what is committed when it gets there. */
  read<Q extends Query>(query: Q): Promise<Answers[Q["kind"]]> {
    const waited = new Promise<Answers[Q["kind"]]>((resolve, reject) => {
      this.#queries.push({ query, resolve: resolve as (answer: unknown) => void, reject });
      this.#schedule();
    });
    return waitFor(waited, STORE);
  }

  /** A name within this process that nothing else has. */
  nextName(): string {
    return String(++this.#names);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.time.turn(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    const operations = this.#operations;
    const queries = this.#queries;
    this.#operations = [];
    this.#queries = [];
    for (let from = 0; from < operations.length; from += MOST_OPERATIONS) {
      this.#commit(operations.slice(from, from + MOST_OPERATIONS));
    }
    if (queries.length > 0) {
      this.link.read(queries.map(({ query }) => query)).then(
        (answers) => {
          for (const [index, { resolve }] of queries.entries()) resolve(answers[index]);
        },
        (error) => {
          for (const { reject } of queries) reject(error);
        },
      );
    }
  }

  #commit(waiting: readonly (Waiting<Outcome> & { readonly operation: Operation })[]): void {
    const number = ++this.#number;
    this.#open.add(number);
    // In the order of their numbers.
    const [settled = number] = this.#open;
    this.link
      .commit({ client: this.name, number, settled, operations: waiting.map(({ operation }) => operation) })
      .then(
        (outcomes) => {
          for (const [index, { resolve, reject }] of waiting.entries()) {
            const outcome = outcomes[index];
            if (outcome === undefined)
              reject(new HadronError("INTERNAL", "The store gave no outcome for an operation."));
            else resolve(outcome);
          }
        },
        (error) => {
          for (const { reject } of waiting) reject(error);
        },
      )
      .finally(() => this.#open.delete(number));
  }
}
