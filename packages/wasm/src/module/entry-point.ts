import { isNumbers } from "./binding.ts";
import { inWords, type ModuleShape, type Signature } from "./shape.ts";

/** How a module is called. */
export type EntryPoint =
  /** Its input is what it reads, and its output what it writes: through WASI, or the buffers of the guest API. */
  | { readonly kind: "bytes"; readonly start: string; readonly signature: Signature }
  /** Its input are the parameters of a function, and its output is what that returns. */
  | { readonly kind: "numbers"; readonly start: string; readonly signature: Signature };

/** Modules of imports that stand for bytes that go in and out. */
const BYTES = ["wasi_snapshot_preview1", "wasi_unstable", "core", "my-own-cluster"];

/**
 * What is called of a module, and how: as its imports say. A module that imports WASI or the guest API takes bytes, any
 * other numbers.
 *
 * @param start The export that is called. Undefined: `_start` if there is one, else the only function that it exports.
 * @returns Why there is none, in words, where there is none.
 */
export function findEntryPoint(shape: ModuleShape, start: string | undefined): EntryPoint | string {
  const functions = shape.exports.flatMap((entry) => (entry.kind === "function" ? [entry] : []));
  const names = functions.map(({ name }) => name);
  const own = functions.filter(({ name }) => !SUPPORT.test(name));
  const wanted = start ?? (names.includes("_start") ? "_start" : own.length === 1 ? own[0]?.name : undefined);
  const found = functions.find(({ name }) => name === wanted);
  if (found === undefined) {
    const listed = names.length === 0 ? "it exports no function" : `it exports ${names.join(", ")}`;
    return start === undefined
      ? `${listed}: say which is called, with start`
      : `it has no function "${start}": ${listed}`;
  }
  const { name, signature } = found;
  const takesBytes = shape.imports.some(({ module }) => BYTES.includes(module));
  if (takesBytes && signature.params.length === 0 && signature.results.length <= 1) {
    return { kind: "bytes", start: name, signature };
  }
  if (isNumbers(signature)) return { kind: "numbers", start: name, signature };
  return `its function "${name}" is ${inWords(signature)}; what goes in and out of it should be i32, i64, f32 or f64`;
}

/** What compilers export beside what was written. */
const SUPPORT = /^(_initialize|__wasm_call_ctors|__indirect_function_table|asyncify_.*|__.*)$/;
