import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DOCUMENTED } from "../src/guest-api/parameters.ts";
import { functionsOf, printGuestApi } from "../src/guest-api/print.ts";
import { findUnbound } from "../src/module/binding.ts";
import { inspectModule } from "../src/module/inspect.ts";
import { KNOWN } from "../src/module/known.ts";

test.each(["core", "my-own-cluster"] as const)(
  "every function of %s is told, each parameter by a name of its own",
  (module) => {
    expect(Object.keys(DOCUMENTED[module]).toSorted()).toEqual([...KNOWN[module].keys()].toSorted());
    for (const { name, parameters, does } of functionsOf(module)) {
      const words = DOCUMENTED[module][name]?.parameters.split(" ").filter((word) => word !== "");
      expect([name, parameters.map((it) => it.name)]).toEqual([name, words]);
      expect(new Set(words).size).toBe(parameters.length);
      expect(does).not.toBe("");
    }
  },
);

test("each language declares each function once, under the names by which it is linked", () => {
  for (const language of ["c", "rust", "ts"] as const) {
    const text = printGuestApi(language);
    for (const module of ["core", "my-own-cluster"] as const) {
      expect(text).toContain(`"${module}"`);
      for (const name of KNOWN[module].keys()) {
        const own = module === "core" ? name : `moc_${name}`;
        expect(text.match(new RegExp(`\\b${own}\\(`, "g"))).toHaveLength(1);
      }
    }
  }
});

const hasClang = (() => {
  try {
    return execFileSync("clang", ["--print-targets"], { encoding: "utf8" }).includes("wasm32");
  } catch {
    return false;
  }
})();

test.skipIf(!hasClang)(
  `a module that is compiled with the header is one that the host can link${hasClang ? "" : " (no clang)"}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "hadron-guest-"));
    try {
      writeFileSync(join(folder, "guest.h"), printGuestApi("c"));
      const calls = (["core", "my-own-cluster"] as const).flatMap((module) =>
        functionsOf(module).map(({ name, parameters }) => {
          const own = module === "core" ? name : `moc_${name}`;
          return `  sum += ${own}(${parameters.map(() => "0").join(", ")});`;
        }),
      );
      const source = `#include "guest.h"\n__attribute__((export_name("all"))) unsigned all(void) {\n  unsigned sum = 0;\n${calls.join("\n")}\n  return sum;\n}\n`;
      writeFileSync(join(folder, "guest.c"), source);
      const out = join(folder, "guest.wasm");
      const flags = ["--target=wasm32", "-nostdlib", "-ffreestanding", "-O1", "-Wall", "-Werror", "-Wl,--no-entry"];
      execFileSync("clang", [...flags, "-o", out, join(folder, "guest.c")], { stdio: "pipe" });
      const shape = inspectModule(readFileSync(out));
      expect(findUnbound(shape, new Map())).toBeUndefined();
      expect(shape.imports).toHaveLength(KNOWN.core.size + KNOWN["my-own-cluster"].size);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
