import type { StoreLink } from "./link.ts";

/** Has the store move what transactions sent: one process's side. */
export class Outboxes {
  readonly #link: Pick<StoreLink, "relay">;
  /** By the name of a database: the store knows for good that there is something to look after. */
  readonly #known = new Map<string, Promise<void>>();
  /** Databases in which the store is asked to look just now; whether it should look once more after that. */
  readonly #looking = new Map<string, boolean>();

  constructor(link: Pick<StoreLink, "relay">) {
    this.#link = link;
  }

  /** Resolves when the store looks into a database from now on, whatever becomes of this process. */
  known(database: string): Promise<void> {
    let known = this.#known.get(database);
    if (known === undefined) {
      known = this.#link.relay(database);
      this.#known.set(database, known);
      known.catch(() => this.#known.delete(database));
    }
    return known;
  }

  /** Has the store look at once. Where it cannot be told, it looks by itself a while later. */
  look(database: string): void {
    const isLooking = this.#looking.has(database);
    this.#looking.set(database, isLooking);
    if (!isLooking) void this.#look(database);
  }

  async #look(database: string): Promise<void> {
    do {
      this.#looking.set(database, false);
      await this.#link.relay(database).catch(() => {});
    } while (this.#looking.get(database) === true);
    this.#looking.delete(database);
  }
}
