import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where a module of the tests is, relative to the files that declare it. */
export const at = (name: string): string => `./modules/${name}.wasm`;

/** Its bytes. */
export const bytesOf = (name: string): Uint8Array =>
  readFileSync(join(import.meta.dirname, "./modules", `${name}.wasm`));
