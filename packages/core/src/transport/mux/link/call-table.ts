/** Something that is known by its id. */
export interface Numbered {
  id: number;
}

const LARGEST_ID = 0x3fffffff;
const SMALLEST_LENGTH = 64;

/**
 * The calls under way of one connection, by id. A ring instead of a Map: ids count up, so nearly always the slot is free,
 * and finding an entry is one comparison. An id comes again only after a thousand million others, so that a late reply
 * finds nothing.
 */
export class CallTable<T extends Numbered> {
  #slots: (T | undefined)[] = empty(SMALLEST_LENGTH);
  #mask = SMALLEST_LENGTH - 1;
  #last = 0;
  /** Entries whose slot was taken. Not by growing: the other side chooses the ids, and could choose a fat table. */
  #aside: Map<number, T> | undefined;
  size = 0;

  /** The id that was given last. */
  get last(): number {
    return this.#last;
  }

  /** Gives an entry the next id. */
  number(entry: T): number {
    if (this.size * 2 > this.#mask) this.#grow();
    let id = this.#last;
    do id = id === LARGEST_ID ? 1 : id + 1;
    while (this.#slots[id & this.#mask] !== undefined);
    this.#last = id;
    entry.id = id;
    this.#slots[id & this.#mask] = entry;
    this.size++;
    return id;
  }

  /** Puts an entry under an id that the other side chose. False: it is taken. */
  put(entry: T): boolean {
    if (this.get(entry.id) !== undefined) return false;
    if (this.size * 2 > this.#mask) this.#grow();
    const slot = entry.id & this.#mask;
    if (this.#slots[slot] === undefined) this.#slots[slot] = entry;
    else {
      this.#aside ??= new Map();
      this.#aside.set(entry.id, entry);
    }
    this.size++;
    return true;
  }

  get(id: number): T | undefined {
    const entry = this.#slots[id & this.#mask];
    if (entry !== undefined && entry.id === id) return entry;
    return this.#aside?.get(id);
  }

  delete(id: number): void {
    const slot = id & this.#mask;
    if (this.#slots[slot]?.id === id) this.#slots[slot] = undefined;
    else if (!this.#aside?.delete(id)) return;
    this.size--;
  }

  /** Takes all out. */
  clear(): T[] {
    const all = [...this.#slots.filter((entry) => entry !== undefined), ...(this.#aside?.values() ?? [])];
    this.#slots = empty(SMALLEST_LENGTH);
    this.#mask = SMALLEST_LENGTH - 1;
    this.#aside = undefined;
    this.size = 0;
    return all;
  }

  #grow(): void {
    const slots: (T | undefined)[] = empty(this.#slots.length * 2);
    this.#mask = slots.length - 1;
    // Two ids that differ in the lower bits differ in one bit more.
    for (const entry of this.#slots) if (entry !== undefined) slots[entry.id & this.#mask] = entry;
    this.#slots = slots;
  }
}

function empty(length: number): undefined[] {
  return new Array(length).fill(undefined);
}
