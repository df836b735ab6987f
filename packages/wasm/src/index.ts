/** WebAssembly modules are services. */

export type { GuestStore, Module } from "./declared.ts";
export type { Form } from "./forms.ts";
export type { WasmOptions } from "./options.ts";
export { type Exported, type HttpComponent, type WasmHandler, wasm } from "./wasm.ts";
