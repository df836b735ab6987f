import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../harness-app.ts";
import { endProcess } from "../harness-process.ts";

/** A Restate server of the bench's own, with a folder for its data. */
export interface RestateServer {
  readonly pid: number;
  readonly admin: string;
  readonly ingress: string;
  close(): Promise<void>;
}

/** Starts the server whose binary npm has; undefined where there is none for this machine. Its answers wait for the disk, as they do by default. */
export async function startRestate(): Promise<RestateServer | undefined> {
  const binary = findBinary();
  if (binary === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "hadron-bench-"));
  const [node, admin, ingress] = [await freePort(), await freePort(), await freePort()];
  const config = join(folder, "restate.toml");
  writeFileSync(
    config,
    `base-dir = "${folder}"
     listen-mode = "tcp"
     bind-ip = "127.0.0.1"
     bind-port = ${node}
     disable-telemetry = true
     log-filter = "error,octocrab=off"
     rocksdb-total-memory-size = "512 MiB"
     [admin]
     disable-web-ui = true
     bind-port = ${admin}
     [ingress]
     bind-port = ${ingress}`,
  );
  const child: ChildProcess = spawn(binary, ["--no-logo", "--config-file", config], {
    stdio: ["ignore", 2, 2],
    // What it would ask elsewhere, such as for newer versions, it asks nobody.
    env: { HTTPS_PROXY: "http://127.0.0.1:9", NO_PROXY: "127.0.0.1" },
  });
  const close = async () => {
    await endProcess(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const server = {
    pid: child.pid ?? 0,
    admin: `http://127.0.0.1:${admin}`,
    ingress: `http://127.0.0.1:${ingress}`,
    close,
  };
  for (let tries = 0; tries < 300; tries++) {
    const answers = await Promise.all(
      [`${server.admin}/health`, `${server.ingress}/restate/health`].map((url) => fetch(url).catch(() => undefined)),
    );
    if (answers.every((answer) => answer?.ok)) return server;
    await sleep(100);
  }
  await close();
  throw new Error("The Restate server was not ready after 30 s.");
}

function findBinary(): string | undefined {
  try {
    const { resolve } = createRequire(import.meta.url);
    const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
    return join(dirname(resolve(`${name}/package.json`)), "bin/restate-server");
  } catch {
    return undefined;
  }
}
