import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ErrorData,
  fromErrorData,
  HadronError,
  type Program,
  type ServiceTopology,
  type Topology,
  toEnvironment,
} from "@hadron/core/spi";
import { declaredEnvironment } from "../shared/declared-environment.ts";

const TIMEOUT_MS = 30_000;

export interface CheckOptions {
  /** What a replica has of this process's environment. @default PATH */
  readonly inherited?: Readonly<Record<string, string>>;
  /** Whether a file that ends without a word fails. Replicas that start meanwhile say more of that. @default true */
  readonly judgeSilence?: boolean;
}

/**
 * Runs an app once as its replicas would, from where it is staged, and compares what it declares: a file that is not
 * deterministic, or needs what does not go along, is found out here, and not in the cluster. Services that are told the same
 * are looked at as one. TOPOLOGY_MISMATCH then; RUNNER_FAILED, with its last words, where it does not get that far.
 */
export async function checkApp(
  staged: string,
  program: Pick<Program, "topology" | "runCall" | "secrets">,
  signal: AbortSignal,
  { inherited = { PATH: process.env.PATH ?? "" }, judgeSilence = true }: CheckOptions = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hadron-check-"));
  const topologyPath = join(folder, "topology.json");
  try {
    await writeFile(topologyPath, JSON.stringify(program.topology));
    for (const service of alike(program.topology)) {
      const env = { ...inherited, ...environmentOf(service, program, topologyPath) };
      const { stdout, stderr, status } = await run(join(staged, "app.mjs"), {
        cwd: join(staged, "files"),
        env,
        signal,
      });
      judge({ stdout, stderr, status, service: service.name }, judgeSilence);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One of each set of services of our own code that have the same in their environment. */
function alike({ services }: Topology): readonly ServiceTopology[] {
  const found = new Map<string, ServiceTopology>();
  for (const service of services) {
    const told = JSON.stringify([Object.entries(service.env).sort(), service.secrets, service.generated]);
    if (service.image === null && !found.has(told)) found.set(told, service);
  }
  return [...found.values()];
}

/** A replica does not have this machine's environment; what reads it in declarations should show here. */
function environmentOf(
  service: ServiceTopology,
  { topology, secrets, runCall }: Pick<Program, "topology" | "runCall" | "secrets">,
  topologyPath: string,
): Readonly<Record<string, string>> {
  const names = [...service.secrets, ...(service.generated ?? [])];
  return {
    ...declaredEnvironment(service),
    ...Object.fromEntries(names.map((name) => [name, secrets[name] ?? ""])),
    ...toEnvironment({ app: topology.app, service: service.name, topologyPath, runCall, check: true }),
  };
}

function judge({ stdout, stderr, status, service }: Ended & { readonly service: string }, judgeSilence: boolean): void {
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
    `The app file ends before its run(), when it runs as a replica of "${service}" would (exit code ${status}):\n${words}`,
  );
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

function run(path: string, options: { cwd: string; env: Record<string, string>; signal: AbortSignal }): Promise<Ended> {
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
