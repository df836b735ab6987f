/** What is used of the JavaScript interface of WebAssembly (https://webassembly.github.io/spec/js-api); Node's types have hardly any of it. */
declare namespace WebAssembly {
  type ImportValue = ((...values: never[]) => unknown) | Memory;
  type Imports = Record<string, Record<string, ImportValue>>;
  type Exports = Readonly<Record<string, unknown>>;

  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
  }

  class Instance {
    readonly exports: Exports;
    constructor(module: Module, imports?: Imports);
  }

  class Memory {
    readonly buffer: ArrayBuffer;
    constructor(limits: { readonly initial: number; readonly maximum?: number });
  }

  class RuntimeError extends Error {}

  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  function compile(bytes: Uint8Array<ArrayBuffer>): Promise<Module>;
}
