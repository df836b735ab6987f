/** A value, or a promise of it. What most requests need is there at once: they make no promise, and wait for no turn. */
export type Soon<T> = T | Promise<T>;

/** Goes on with a value: in this turn where it is there, else once it is. Throws, or rejects, as `next` does. */
export function whenThere<T, R>(value: Soon<T>, next: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** What a function of somebody else's returned: a promise of the house's where it is any thenable. */
export function toSoon<T>(value: T | PromiseLike<T>): Soon<T> {
  const isThenable = typeof (value as { then?: unknown } | null | undefined)?.then === "function";
  return isThenable ? Promise.resolve(value) : (value as T);
}
