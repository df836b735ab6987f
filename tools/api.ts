// Writes the API report of every public entry, `packages/*/api/*.api.md`: what changes there shows in a review.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { reportApi } from "./packages/api-report.ts";
import { packAll } from "./packages/pack.ts";
import { publicEntries } from "./packages/public-entries.ts";

const root = resolve(import.meta.dirname, "..");
const work = mkdtempSync(join(tmpdir(), "hadron-api-"));
try {
  for (const archive of await packAll(work)) {
    execFileSync("tar", ["-xzf", archive, "-C", work]);
    const unpacked = join(work, "package");
    const { name } = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8"));
    const home = join(root, "packages", name.replace("@hadron/", ""));
    rmSync(join(home, "api"), { recursive: true, force: true });
    for (const { title, types, report } of publicEntries(unpacked)) {
      mkdirSync(dirname(join(home, report)), { recursive: true });
      writeFileSync(join(home, report), reportApi(join(unpacked, types), title));
    }
    rmSync(unpacked, { recursive: true });
  }
} finally {
  rmSync(work, { recursive: true });
}
