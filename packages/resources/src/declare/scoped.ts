import { defineResource, type Resource } from "@hadron/core/spi";
import { findStore } from "../client/find-store.ts";
import { KeyValueStore } from "../key-value/key-value.ts";
import { store } from "../store/service/store-service.ts";
import { KV } from "../verbs/verbs.ts";
import { checkKept, checkOptions, KEPT_OPTIONS, type KeptOptions } from "./options.ts";

/** How scoped state is declared. */
export interface ScopedOptions<T> extends KeptOptions {
  /** What a scope holds before anybody changed it. */
  readonly initial: T;
}

/** State by scope, as a resource. */
export interface Scoped<T> extends Resource {
  /**
   * Changes the state of a scope as if nobody else did meanwhile, and gives what `change` returns. The state is a copy of its
   * own: whatever `change` does to it, however deep, is kept, unless it throws. It may run several times, so it should do
   * nothing else. ABORTED where too many others change the scope at once.
   */
  scope<R>(name: string, change: (state: T) => R | Promise<R>): Promise<R>;
  /** The state of a scope as it is. */
  get(name: string): Promise<T>;
}

/**
 * Declares state that all replicas share and that survives them, changed like any object.
 *
 * INVALID_DECLARATION if the name is no DNS name, or there is no initial state.
 *
 * @example
 * const counters = scoped("counters", { initial: { requests: 0 } });
 * const n = await counters.scope("global", (state) => ++state.requests);
 */
export function scoped<T extends object>(name: string, options: ScopedOptions<T>): Scoped<T> {
  const of = `scoped("${name}")`;
  checkOptions(of, options, ["initial", ...KEPT_OPTIONS]);
  const kept = checkKept(of, options);
  const { initial } = options;
  const check = { schema: undefined, upgrade: undefined };
  // A store of its own: a keyValue of the same name is another thing.
  const values: KeyValueStore<T> = new KeyValueStore<T>({ name: `scoped/${name}`, check, ttlMs: undefined }, () =>
    findStore(made),
  );
  const made: Scoped<T> = defineResource(
    {
      async scope<R>(scope: string, change: (state: T) => R | Promise<R>): Promise<R> {
        let result: { readonly value: R } | undefined;
        await values.update(scope, async (state = structuredClone(initial)) => {
          result = { value: await change(state) };
          return state;
        });
        return (result as unknown as { readonly value: R }).value;
      },
      get: async (scope: string) => (await values.get(scope)) ?? structuredClone(initial),
    },
    { kind: "scoped", name, keeper: store, verbs: [KV], options: kept },
  );
  return made;
}
