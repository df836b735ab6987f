import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HadronError } from "@hadron/core/spi";
import type { EngineAddress } from "./address.ts";

/** How long ssh may take to let us in. */
const OPEN_MS = 20_000;

/** A socket on this machine that is the engine's on another, for as long as it is open. */
export interface Forward extends AsyncDisposable {
  readonly path: string;
}

/**
 * Forwards the engine's socket by one ssh process, with the user's own ssh configuration, keys and known hosts. One
 * process for all connections, and no `docker` command on either side. RUNNER_FAILED with what ssh said.
 */
export async function forwardSsh(
  address: EngineAddress & { kind: "ssh" },
  signal: AbortSignal,
  command = "ssh",
): Promise<Forward> {
  const folder = await mkdtemp(join(tmpdir(), "hadron-ssh-"));
  const path = join(folder, "docker.sock");
  const port = address.port === undefined ? [] : ["-p", String(address.port)];
  const options = ["ExitOnForwardFailure=yes", "BatchMode=yes", "ServerAliveInterval=15"].flatMap((option) => [
    "-o",
    option,
  ]);
  const child = spawn(
    command,
    [...options, ...port, "-N", "-T", "-L", `${path}:${address.socket}`, "--", address.target],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2000);
  });
  let failed: Error | undefined;
  child.on("error", (error) => {
    failed = error;
  });
  const close = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  const until = performance.now() + OPEN_MS;
  while (!(await accepts(path))) {
    const over = failed !== undefined || child.exitCode !== null || performance.now() > until;
    if (over || signal.aborted) {
      await close();
      signal.throwIfAborted();
      const why = failed?.message ?? (said.trim() || `no answer in ${OPEN_MS / 1000} s`);
      throw new HadronError("RUNNER_FAILED", `ssh to ${address.target} failed: ${why}`, { cause: failed });
    }
    await sleep(20);
  }
  // Nobody should wait for us because of it.
  child.unref();
  if (child.stderr instanceof Socket) child.stderr.unref();
  const atExit = () => child.kill();
  process.once("exit", atExit);
  return {
    path,
    async [Symbol.asyncDispose]() {
      process.off("exit", atExit);
      await close();
    },
  };
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  // Now somebody waits for it.
  child.ref();
  child.kill();
  await gone;
}
