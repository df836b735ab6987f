import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openHost } from "@hadron/core/cli/shared";
import { compose, hashTopology } from "@hadron/core/spi";
import { MEMORY_BYTES, type RunResult, type Snapshot, START } from "@hadron/femto-cpu";
import { createRunner } from "@hadron/runners/local";
import { femto } from "../../examples/femto.ts";

export const APP = "femto-bench";
const ENTRY = fileURLToPath(new URL("../../examples/femto.ts", import.meta.url));

/** The programs' sources. */
export function readProgram(file: string): string {
  return readFileSync(new URL(`../../examples/femto/${file}`, import.meta.url), "utf8");
}

export interface LocalMachine {
  readonly replicas: readonly { readonly pid: number; readonly service: string }[];
  /** The processes of all replicas. */
  readonly pids: readonly number[];
  /** Runs a program that is assembled already. */
  run(bytes: readonly number[], maxSteps: number): Promise<RunResult>;
  close(): Promise<void>;
}

const { zero, carry, ...registers } = START;

/** The machine under the local runner, as `up` starts it. */
export async function startLocalMachine(): Promise<LocalMachine> {
  const { topology } = compose(APP, [femto]);
  const runner = createRunner({ flags: {}, explicitApp: true, env: process.env });
  const context = { signal: new AbortController().signal, progress: { step() {}, note() {} } };
  const { attached } = await runner.apply(
    { entry: ENTRY, topology, hash: hashTopology(topology), runCall: 1, secrets: {} },
    context,
  );
  const connected = await runner.connect(APP, context);
  const host = await openHost(APP, connected.directory);
  const replicas = replicasOf(process.pid);
  return {
    replicas,
    pids: replicas.map(({ pid }) => pid),
    run: (bytes, maxSteps) => {
      const memory = [...bytes, ...new Array<number>(MEMORY_BYTES - bytes.length).fill(0)];
      const from: Snapshot = { memory, registers, flags: { zero, carry } };
      return host.call("femto", "run", { from, maxSteps }, { timeoutMs: 60_000 }) as Promise<RunResult>;
    },
    async close() {
      host.close();
      await connected[Symbol.asyncDispose]();
      await attached?.[Symbol.asyncDispose]();
    },
  };
}

/** The replicas that this process started: its children that were told of a service. */
function replicasOf(parent: number): { readonly pid: number; readonly service: string }[] {
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    if (!(pid > 0) || readProc(pid, "status").match(/^PPid:\s+(\d+)/m)?.[1] !== String(parent)) return [];
    const service = /(?:^|\0)HADRON_SERVICE=([^\0]*)/.exec(readProc(pid, "environ"))?.[1];
    return service === undefined ? [] : [{ pid, service }];
  });
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // It ended while we looked.
  }
}
