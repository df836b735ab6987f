import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { HadronError } from "@hadron/core/spi";
import type { Metafile } from "esbuild";
import { isOurs } from "./plugins/ours.ts";

/** What runs on the deploying side only: never loaded in a replica, so never part of its code. */
export const DEPLOY_SIDE = ["@hadron/core/cli", "@hadron/core/testing", "@hadron/runners", "@hadron/runners/*"];

const IS_DEPLOY_SIDE = /^@hadron\/(?:core\/(?:cli|testing)|runners(?:\/.*)?)$/;

/** RUNNER_FAILED where a file of the app's imports that: replicas do not have it. */
export function refuseDeploySide({ inputs }: Metafile, folder: string): void {
  for (const [input, { imports }] of Object.entries(inputs)) {
    const path = resolve(folder, input);
    const found = imports.find(({ path, kind }) => kind === "import-statement" && IS_DEPLOY_SIDE.test(path));
    if (found === undefined || isOurs(path)) continue;
    const lines = readFileSync(path, "utf8").split("\n");
    const line = lines.findIndex((text) => text.includes(found.path));
    const advice =
      found.path === "@hadron/core/testing"
        ? "It is for tests: import it in a test file, and the app from there."
        : "It runs where you deploy, and not in replicas: import it in a script of its own.";
    const place = `${relative(folder, path)}:${line + 1}`;
    throw new HadronError(
      "RUNNER_FAILED",
      `${place}: an app file cannot import "${found.path}".\n  ${lines[line]}\n  ${advice}`,
    );
  }
}
