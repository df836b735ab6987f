import type { Scope } from "./scope.ts";

/** Resolves after a while, or when the scope ends. */
export function sleep(scope: Scope, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = scope.clock.after(ms, resolve);
  return unlessOver(scope, promise).finally(() => scope.clock.cancel(timer));
}

/** What a promise gives, or undefined if the scope ends first. */
export function unlessOver<T>(scope: Scope, promise: Promise<T>): Promise<T | undefined> {
  if (scope.error !== undefined) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const listener = { cancelled: () => resolve(undefined) };
    scope.add(listener);
    promise.then(resolve, reject).finally(() => scope.delete(listener));
  });
}

/**
 * What a promise gives, unless the signal aborts first: then its reason. The promise goes on, and what becomes of it then is nobody's business.
 */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
