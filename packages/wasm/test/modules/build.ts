/**
 * Builds the modules that the tests run from the sources beside this file: `tsx packages/wasm/test/modules/build.ts`. Those in C
 * want clang, lld, wasi-libc and libclang-rt-dev-wasm32, as Debian has them. What it makes is committed.
 */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import makeWabt from "wabt";

const folder = import.meta.dirname;
/** Without C's library: they import of the host what they say themselves. */
const FREESTANDING = ["counter", "fetcher", "api-demo"];

const wabt = await makeWabt();
for (const file of globSync("*.wat", { cwd: folder })) {
  const module = wabt.parseWat(file, readFileSync(join(folder, file), "utf8"), { multi_value: true });
  writeFileSync(join(folder, `${basename(file, ".wat")}.wasm`), module.toBinary({}).buffer);
  module.destroy();
}
for (const file of globSync("*.c", { cwd: folder })) {
  const name = basename(file, ".c");
  const how = FREESTANDING.includes(name)
    ? ["--target=wasm32", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all"]
    : ["--target=wasm32-wasi", "-Wl,--strip-all"];
  execFileSync("clang", ["-Os", ...how, "-o", `${name}.wasm`, file], { cwd: folder, stdio: "inherit" });
}
