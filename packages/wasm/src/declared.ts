import type { Resource } from "@hadron/core/spi";
import type { LoadedComponent } from "./component/load.ts";
import type { Form } from "./forms.ts";
import type { LoadedModule } from "./module/load.ts";
import type { NetGrant } from "./net.ts";

/** What a module keeps between calls: a `keyValue` of `@hadron/resources`, or what is like it. */
export type GuestStore = Resource & {
  get(key: string): Promise<unknown>;
  set(key: string, value: Uint8Array): Promise<unknown>;
  list(options: { prefix: string }): AsyncIterable<{ readonly key: string; readonly value: unknown }>;
};

/** Options with nothing left open. */
export interface ResolvedOptions {
  readonly start: string | undefined;
  readonly input: Form;
  readonly output: Form;
  readonly stream: boolean;
  readonly reuse: boolean;
  readonly timeoutMs: number;
  readonly memoryMiB: number;
  readonly outputBytes: number;
  readonly threads: number;
  readonly link: Readonly<Record<string, Module>>;
  readonly net: readonly NetGrant[];
  readonly kv: GuestStore | undefined;
  readonly folders: readonly { readonly at: string; readonly folder: string; readonly isWritable: boolean }[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly random: boolean;
  readonly clock: boolean;
}

/** What a declared module is, for those that link to it. */
export interface DeclaredModule {
  readonly file: string;
  readonly loaded: LoadedModule | LoadedComponent;
  readonly options: ResolvedOptions;
  /** Where the folders that it was granted are, by where it finds them. */
  readonly folders: readonly { readonly at: string; readonly path: string; readonly isWritable: boolean }[];
}

export const declared: unique symbol = Symbol.for("dev.hadron.wasm") as never;

/** A module as `wasm` declares it: for `link`. */
export interface Module {
  readonly [declared]: DeclaredModule;
}

/** The module that a part was declared as. */
export function declarationOf(module: Module): DeclaredModule {
  return module[declared];
}
