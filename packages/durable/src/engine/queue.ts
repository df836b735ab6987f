/** What is gone through once, first in first out; what was taken is let go of. */
export class Queue<T> {
  #items: T[] = [];
  #from = 0;

  get length(): number {
    return this.#items.length - this.#from;
  }

  /** The next; it stays. */
  get first(): T | undefined {
    return this.#items[this.#from];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the next. */
  shift(): T | undefined {
    const item = this.#items[this.#from++];
    // Array.prototype.shift moves all that are left.
    if (this.#from >= 512 && this.#from * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#from);
      this.#from = 0;
    } else if (this.length <= 0) {
      this.#items = [];
      this.#from = 0;
    }
    return item;
  }
}
