import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ErrorData, fromErrorData, HadronError, type Program, toEnvironment } from "@hadron/core/spi";
import type { Bundle } from "./bundle.ts";

const TIMEOUT_MS = 30_000;

export interface CheckOptions {
  /** What a replica has of this process's environment. @default PATH */
  readonly inherited?: Readonly<Record<string, string>>;
  /** Whether a file that ends without a word fails. Replicas that start meanwhile say more of that. @default true */
  readonly judgeSilence?: boolean;
}

/**
 * Runs a bundle once as a replica would, and compares what it declares: a file that is not deterministic is found out
 * here, and not in the cluster. TOPOLOGY_MISMATCH then; RUNNER_FAILED, with its last words, where it does not get that far.
 */
export async function checkBundle(
  { code, map, externals }: Pick<Bundle, "code" | "map" | "externals">,
  { topology, entry, runCall, secrets }: Program,
  signal: AbortSignal,
  { inherited = { PATH: process.env.PATH ?? "" }, judgeSilence = true }: CheckOptions = {},
): Promise<void> {
  const service = topology.services.find((service) => service.image === null);
  if (service === undefined) return;
  const folder = await mkdtemp(join(tmpdir(), "hadron-check-"));
  try {
    await writeFile(join(folder, "app.mjs"), code);
    await writeFile(join(folder, "app.mjs.map"), map);
    await writeFile(join(folder, "topology.json"), JSON.stringify(topology));
    for (const { name, directory } of externals) {
      const link = join(folder, "node_modules", name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(directory, link, "junction");
    }
    const env: Record<string, string> = {
      // A replica does not have this machine's environment; what reads it in declarations should show here.
      ...inherited,
      ...service.env,
      ...Object.fromEntries(
        [...service.secrets, ...(service.generated ?? [])].map((name) => [name, secrets[name] ?? ""]),
      ),
      ...toEnvironment({
        app: topology.app,
        service: service.name,
        topologyPath: "topology.json",
        runCall,
        check: true,
      }),
    };
    const { stdout, stderr, status } = await run(join(folder, "app.mjs"), { cwd: dirname(entry), env, signal });
    judge(stdout, stderr, status, judgeSilence);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function judge(stdout: string, stderr: string, status: number | null, judgeSilence: boolean): void {
  const last = stdout.trim().split("\n").at(-1) ?? "";
  let said: { ok?: true; error?: ErrorData } = {};
  try {
    said = JSON.parse(last);
  } catch {
    // The file's own output: it ended before it said anything.
  }
  if (said.ok) return;
  if (said.error !== undefined) throw fromErrorData(said.error);
  if (!judgeSilence) return;
  const words = (stderr || stdout).trim().split("\n").slice(-12).join("\n");
  throw new HadronError(
    "RUNNER_FAILED",
    `The app file ends before its run(), when it runs as a replica would (exit code ${status}):\n${words}`,
  );
}

function run(
  path: string,
  options: { cwd: string; env: Record<string, string>; signal: AbortSignal },
): Promise<{ stdout: string; stderr: string; status: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path], {
      ...options,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (status) => resolve({ stdout, stderr, status }));
  });
}
