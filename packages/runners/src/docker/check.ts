import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { HadronError, type Program } from "@hadron/core/spi";
import type { Bundle } from "../bundle/index.ts";

const CHECK_MS = 30_000;

/**
 * Runs a bundle once as a replica would, and compares its topology with the deployed one, before anything is created:
 * a file that is not deterministic is found out here and not on the engine. Fails with what the replica would say.
 */
export async function checkBundle(program: Program, bundle: Bundle, signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hadron-check-"));
  try {
    await Promise.all([
      writeFile(join(folder, "app.mjs"), bundle.code),
      writeFile(join(folder, "app.mjs.map"), bundle.map),
      writeFile(join(folder, "topology.json"), JSON.stringify(program.topology)),
      ...bundle.externals.map(async ({ name, directory }) => {
        const link = join(folder, "node_modules", name);
        await mkdir(dirname(link), { recursive: true });
        await symlink(directory, link, "junction");
      }),
    ]);
    await run(program, join(folder, "app.mjs"), signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(program: Program, file: string, signal: AbortSignal): Promise<void> {
  const [first] = program.topology.services.filter((one) => one.image === null);
  if (first === undefined) return;
  const child = spawn(process.execPath, [file], {
    cwd: dirname(program.entry),
    // Nothing of this process's own: in a container there will be nothing of it either.
    env: {
      ...first.env,
      ...program.secrets,
      PATH: process.env.PATH,
      NODE_ENV: first.env.NODE_ENV ?? "production",
      HADRON_CHECK: "1",
      HADRON_SERVICE: first.name,
      HADRON_APP: program.topology.app,
      HADRON_RUN: String(program.runCall),
      HADRON_TOPOLOGY: "topology.json",
    },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    timeout: CHECK_MS,
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err = (err + text).slice(-4000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  const answer = lastLine(out);
  if (answer?.ok === true) return;
  if (answer?.error !== undefined) throw new HadronError(answer.error.code as never, answer.error.message);
  throw new HadronError(
    "RUNNER_FAILED",
    `The app's bundle does not run as a replica would: exit code ${code}.\n${err.trim()}`,
  );
}

function lastLine(out: string): { ok?: boolean; error?: { code: string; message: string } } | undefined {
  try {
    return JSON.parse(out.trim().split("\n").at(-1) ?? "");
  } catch {
    return undefined;
  }
}
