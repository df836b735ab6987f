/** A module of WebAssembly is a handler: `npx tsx examples/wasm.ts call uppercase '"hello"'`. It came from a dozen lines of C. */
import { run, service } from "@hadron/core";
import { spread } from "@hadron/patterns";
import { wasm } from "@hadron/wasm";

export const uppercase = service("uppercase", spread(2, wasm("./uppercase.wasm", { timeoutMs: 1000 })), {
  expose: true,
});

await run(uppercase);
