/** A type of the numbers, vectors and references that go in and out of functions. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128" | "funcref" | "externref" | "reference";

/** What a function takes and gives. */
export interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** How large a memory (in pages of 64 KiB) or a table (in elements) is, and where a module says so. */
export interface Limits {
  readonly min: number;
  /** Undefined: as large as it likes. */
  readonly max: number | undefined;
  readonly shared: boolean;
  /** Of a memory: addresses have 64 bits. */
  readonly is64: boolean;
  /** The bytes of the module that say it: from, and up to. */
  readonly from: number;
  readonly to: number;
}

/** What a module wants from outside. */
export type Import = { readonly module: string; readonly name: string } & (
  | { readonly kind: "function"; readonly signature: Signature }
  | { readonly kind: "memory" | "table"; readonly limits: Limits }
  | { readonly kind: "global" | "tag" }
);

/** What a module offers. */
export type Export = { readonly name: string } & (
  | { readonly kind: "function"; readonly signature: Signature }
  | { readonly kind: "memory" | "table" | "global" | "tag" }
);

/** What a module says of itself, without its code. */
export interface ModuleShape {
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
  /** Its own, without those that it imports. */
  readonly memories: readonly Limits[];
  readonly tables: readonly Limits[];
  /** Whether it runs by itself when it is instantiated. */
  readonly hasStart: boolean;
}

/** A signature as people write it: `(i32, i32) → i32`. */
export function inWords({ params, results }: Signature): string {
  const result = results.length === 1 ? results[0] : `(${results.join(", ")})`;
  return `(${params.join(", ")}) → ${results.length === 0 ? "nothing" : result}`;
}

export function isSame(signature: Signature, other: Signature): boolean {
  return inWords(signature) === inWords(other);
}
