/**
 * Builds the components that the tests run: `tsx packages/wasm/test/components/build.ts`. It wants clang and lld, as the modules do, and
 * what makes a program for the first form of WASI one for 0.2: `npm install --no-save @bytecodealliance/jco`, or its folder in JCO. What it
 * makes is committed.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { componentEmbed, componentNew } from "@bytecodealliance/jco-transpile/wasm-tools";

const folder = import.meta.dirname;
const jco = process.env.JCO ?? join(folder, "../../../../node_modules/@bytecodealliance/jco");
const put = (name: string, bytes: Uint8Array) => writeFileSync(join(folder, `${name}.component.wasm`), bytes);

for (const name of ["greeter", "page"]) {
  const made = mkdtempSync(join(tmpdir(), "hadron-component-"));
  const module = join(made, `${name}.wasm`);
  const how = ["--target=wasm32", "-Os", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all", "-Wl,-z,stack-size=8192"];
  execFileSync("clang", [...how, "-o", module, join(folder, `${name}.c`)], { stdio: "inherit" });
  const binary = readFileSync(module);
  const embedded = await componentEmbed({ binary, witSource: readFileSync(join(folder, `${name}.wit`), "utf8") });
  put(name, await componentNew(embedded, []));
  rmSync(made, { recursive: true });
}
const adapter = readFileSync(join(jco, "lib/wasi_snapshot_preview1.command.wasm"));
for (const name of ["probe", "uppercase"]) {
  const module = readFileSync(join(folder, `../modules/${name}.wasm`));
  put(name, await componentNew(module, [["wasi_snapshot_preview1", adapter]]));
}
