import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openHost } from "@hadron/core/cli/shared";
import { type AppStatus, compose, hashTopology, type RunnerModule } from "@hadron/core/spi";
import { femto } from "../../../examples/femto.ts";
import type { RunInput, RunResult } from "../src/index.ts";

const ENTRY = fileURLToPath(new URL("../../../examples/femto.ts", import.meta.url));

/** The machine as a runner deploys it. Disposing of it ends all of it. */
export interface DeployedMachine extends AsyncDisposable {
  /** The app's name. */
  readonly app: string;
  run(input: RunInput): Promise<RunResult>;
  status(): Promise<AppStatus>;
  /** Calls taken by a replica since it started. */
  calls(replica: string): Promise<number>;
  scale(service: string, replicas: number): Promise<void>;
  /** Ends the process of a replica as `kill -9` does. Local runner only. */
  kill(replica: string): void;
}

export async function deploy(
  { createRunner }: RunnerModule,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<DeployedMachine> {
  const app = `femto-test-${process.pid}`;
  const { topology } = compose(app, [femto]);
  const runner = createRunner({ flags: {}, explicitApp: true, env });
  const context = { signal: new AbortController().signal, progress: { step() {}, note() {} } };
  const program = { entry: ENTRY, topology, hash: hashTopology(topology), runCall: 1, secrets: {} };
  const { attached } = await runner.apply(program, context);
  const connected = await runner.connect(app, context);
  const host = await openHost(app, connected.directory);
  const status = () => runner.status(app, context);
  return {
    app,
    run: (input) => host.call("femto", "run", input, { timeoutMs: 60_000 }) as Promise<RunResult>,
    status,
    async calls(replica) {
      const { services } = await status();
      return services.flatMap(({ replicas }) => replicas).find(({ name }) => name === replica)?.calls ?? 0;
    },
    scale: (service, replicas) => runner.scale(app, service, replicas, context),
    kill: (replica) => process.kill(pidOf(app, replica), "SIGKILL"),
    async [Symbol.asyncDispose]() {
      host.close();
      await connected[Symbol.asyncDispose]();
      if (attached !== undefined) return attached[Symbol.asyncDispose]();
      const { left } = await runner.delete(app, { data: true }, context);
      if (left.length > 0) throw new Error(`Not deleted: ${left.join(", ")}`);
    },
  };
}

/** Found by what its runner told it: this app's, so that no other process is ever meant. */
function pidOf(app: string, replica: string): number {
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!(pid > 0)) continue;
    let env: string[] = [];
    try {
      env = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    } catch {
      // It ended while we looked.
    }
    if (env.includes(`HADRON_APP=${app}`) && env.includes(`HADRON_NAME=${replica}`)) return pid;
  }
  throw new Error(`There is no process of ${replica}.`);
}
