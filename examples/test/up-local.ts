import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const root = resolve(import.meta.dirname, "../..");

/** An example that is up under the local runner. Disposing of it ends it, and removes what it kept. */
export interface UpLocal extends AsyncDisposable {
  /** Calls a procedure by JSON-RPC, at the address of an exposed service. */
  call(service: string, method: string, params?: unknown): Promise<any>;
  /** The address of an exposed service. */
  endpoint(service: string): string;
  /** `npx tsx FILE …words` */
  type(...words: readonly string[]): string;
  /** Ends it; what it kept stays. */
  stop(): Promise<void>;
  /** Ends all processes of the app but the runner itself, as `kill -9` does; the runner starts them anew. */
  killAll(): void;
}

/** `npx tsx examples/FILE.ts up …words`, until all is ready. */
export async function upLocal(file: string, words: readonly string[] = []): Promise<UpLocal> {
  const path = `examples/${file}.ts`;
  const flags = [`--app=up-${file}-${process.pid}`];
  const type = (...words: readonly string[]) =>
    execFileSync("tsx", [path, ...words, ...flags], { cwd: root, encoding: "utf8" });
  const up = spawn("tsx", [path, "up", "--json", ...words, ...flags], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  up.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const [line] = await Promise.race([
    once(createInterface(up.stdout), "line"),
    once(up, "exit").then(() => Promise.reject(new Error(`${path} up ended: ${said}`))),
  ]);
  const { services } = JSON.parse(line) as { services: { name: string; endpoint: string }[] };
  const endpoint = (service: string) => services.find(({ name }) => name === service)?.endpoint ?? "";
  const stop = async () => {
    const below = descendants(up);
    const ended = once(up, "exit");
    up.kill("SIGTERM");
    await ended;
    // What started the app may be gone before it.
    while (below.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return {
    endpoint,
    type,
    async call(service, method, params) {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, ...(params === undefined ? {} : { params }) });
      const headers = { "content-type": "application/json" };
      const answer = (await (await fetch(endpoint(service), { method: "POST", headers, body })).json()) as any;
      if (answer.error !== undefined) throw Object.assign(new Error(answer.error.message), answer.error.data);
      return answer.result;
    },
    killAll() {
      for (const pid of descendants(up)) if (isReplica(pid)) process.kill(pid, "SIGKILL");
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      type("delete", "--data", "--yes");
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function descendants({ pid }: ChildProcess): number[] {
  const table = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const parents = table.map((row) => row.trim().split(/\s+/).map(Number));
  const below = (parent: number | undefined): number[] =>
    parents.flatMap(([child = 0, of]) => (of === parent ? [child, ...below(child)] : []));
  return below(pid);
}

function isReplica(pid: number): boolean {
  // Some have ended by now: of those `ps` says nothing.
  return spawnSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" }).stdout.includes("app.mjs");
}
