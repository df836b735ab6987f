/**
 * Builds the modules that the tests run from the sources beside this file: `tsx packages/wasm/test/modules/build.ts`. Those in C
 * want clang, lld, wasi-libc and libclang-rt-dev-wasm32, those in Rust rustc (or what RUSTC names) and libstd-rust-dev-wasm32, all as Debian has
 * them. What it makes is committed. There are none in Go: the smallest would have 1.5 MB, see `programs.long.test.ts`.
 */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import asc from "assemblyscript/asc";
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
const RUST = ["opt-level=s", "lto", "panic=abort", "strip=symbols", "linker=wasm-ld"].flatMap((option) => [
  "-C",
  option,
]);
for (const file of globSync("*.rs", { cwd: folder })) {
  const out = ["-o", `${basename(file, ".rs")}.wasm`];
  const args = ["--target", "wasm32-wasi", "--edition", "2021", ...RUST, ...out, file];
  execFileSync(process.env.RUSTC ?? "rustc", args, { cwd: folder, stdio: "inherit" });
}
// AssemblyScript's own ending is `.ts`, and what is in it is none.
for (const file of globSync("*.as", { cwd: folder })) {
  const name = basename(file, ".as");
  const { error, stderr } = await asc.main(
    [`${name}.ts`, "-O3", "--shrinkLevel", "2", "--runtime", "minimal", "--outFile", `${name}.wasm`],
    {
      readFile: (path) => (path === `${name}.ts` ? readFileSync(join(folder, file), "utf8") : null),
      writeFile: (path, bytes) => writeFileSync(join(folder, path), bytes),
    },
  );
  if (error !== null) throw new Error(stderr.toString(), { cause: error });
}
