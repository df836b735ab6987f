import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Driven } from "../harness.ts";
import { endProcess } from "../harness-process.ts";

/** Wasmtime, driven by Python. */
export interface Wasmtime {
  readonly pid: number;
  run(ms: number): Promise<Driven>;
  close(): Promise<void>;
}

/** Undefined where Python has no wasmtime. */
export async function startWasmtime(module: URL, input: string): Promise<Wasmtime | undefined> {
  const file = new URL("./wasmtime.side.py", import.meta.url).pathname;
  const child = spawn("python3", [file, module.pathname, input], { stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const isThere = await Promise.race([lines.next(), once(child, "error")]).then(
    (first) => "value" in first && first.value === "ready",
  );
  if (!isThere) {
    await endProcess(child);
    return undefined;
  }
  return {
    pid: child.pid ?? 0,
    async run(ms) {
      child.stdin.write(`${ms}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("wasmtime's process ended: run bench/wasm/wasmtime.side.py by hand");
      return JSON.parse(value) as Driven;
    },
    close: () => endProcess(child),
  };
}
