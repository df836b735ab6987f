import type { OutboxBacklog } from "../../database/contract/outbox.ts";
import type { Answers } from "../contract/operations.ts";
import { OUTBOXES, Relay, type RelayOptions, toMoved } from "./relay.ts";

/** More databases than one app has. */
const MOST_DATABASES = 1000;

export interface RelaysOptions extends Pick<RelayOptions, "store" | "clock" | "warn"> {
  /** Enters a database of the app. */
  readonly connect: (database: string) => ReturnType<RelayOptions["connect"]>;
}

/** The relays of a store: one for each database in which a transaction ever sent something. */
export class Relays implements AsyncDisposable {
  readonly #options: RelaysOptions;
  readonly #relays = new Map<string, { readonly relay: Relay; readonly ended: Promise<void> }>();
  #isClosed = false;

  constructor(options: RelaysOptions) {
    this.#options = options;
  }

  /** Goes on where the store's last life ended. */
  async start(): Promise<void> {
    const list = { kind: "list", store: OUTBOXES, prefix: "", after: undefined, most: MOST_DATABASES } as const;
    const [entries] = (await this.#options.store.read([list])) as [Answers["list"]];
    for (const { key } of entries) this.#begin(key);
  }

  /** There is something in a database's outbox, now or soon: it is looked after from now on, also in later lives of the store. */
  async look(database: string): Promise<void> {
    if (!this.#relays.has(database)) {
      // Refused where it is written down already.
      await this.#options.store.together([toMoved(database, [], 0)]);
      this.#begin(database);
    }
    this.#relays.get(database)?.relay.look();
  }

  /** What transactions sent that is committed and not in its queue yet. */
  async backlog(): Promise<readonly OutboxBacklog[]> {
    return (await Promise.all([...this.#relays.values()].map(({ relay }) => relay.backlog()))).flat();
  }

  /** No more is moved. */
  close(): void {
    this.#isClosed = true;
    for (const { relay } of this.#relays.values()) relay.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await Promise.all([...this.#relays.values()].map(({ ended }) => ended));
  }

  #begin(database: string): void {
    if (this.#isClosed || this.#relays.has(database)) return;
    const { connect, ...options } = this.#options;
    const relay = new Relay({ ...options, database, connect: () => connect(database) });
    this.#relays.set(database, { relay, ended: relay.run() });
  }
}
