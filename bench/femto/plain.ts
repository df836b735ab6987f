import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { femtoInstructions } from "@hadron/femto-cpu";
import { build } from "esbuild";
import { endProcess } from "../harness-process.ts";
import { post } from "./plain-http.ts";

export interface PlainMachine {
  readonly pids: readonly number[];
  /** Runs a program; how many steps it took, and its output. */
  run(
    bytes: readonly number[],
    maxSteps: number,
  ): Promise<{ readonly steps: number; readonly output: readonly number[] }>;
  close(): Promise<void>;
}

const REPLICA = new URL("./plain-replica.ts", import.meta.url).pathname;

/** Starts the plain machine: cpu, memory and 78 nodes, each a process. */
export async function startPlainMachine(): Promise<PlainMachine> {
  const children: ChildProcess[] = [];
  const folder = mkdtempSync(join(tmpdir(), "femto-plain-"));
  const close = async () => {
    await Promise.all(children.map(endProcess));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const file = join(folder, "replica.mjs");
    await build({
      entryPoints: [REPLICA],
      outfile: file,
      bundle: true,
      format: "esm",
      platform: "node",
      logLevel: "error",
    });
    const names = ["memory", "cpu", ...femtoInstructions.map(({ node }) => node)];
    const ports: Record<string, number> = {};
    await Promise.all(
      names.map(async (name) => {
        const child = spawn(process.execPath, [file, name], { stdio: ["ignore", "ignore", 2, "ipc"] });
        children.push(child);
        const [port] = await Promise.race([
          once(child, "message"),
          once(child, "exit").then(() => Promise.reject(new Error(`The plain ${name} ended.`))),
        ]);
        ports[name] = port as number;
      }),
    );
    for (const child of children) child.send(ports);
    return {
      pids: children.map(({ pid }) => pid!),
      async run(bytes, maxSteps) {
        const program = await post<number>(ports.memory!, "/allocate", { bytes });
        const { steps } = await post<{ steps: number }>(ports.cpu!, "/run", { program, maxSteps });
        const memory = await post<number[]>(ports.memory!, "/read", { program });
        await post(ports.memory!, "/free", { program });
        return { steps, output: memory.slice(232) };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
