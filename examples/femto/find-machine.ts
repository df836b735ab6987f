import { fileURLToPath } from "node:url";
import { type Discovered, discover, installedRunners, openHost, openUrl } from "@hadron/core/cli/shared";
import { compose, HadronError, hashTopology, type Progress } from "@hadron/core/spi";
import type { Program, RunInput, RunResult } from "@hadron/femto-cpu";
import { createRunner } from "@hadron/runners/local";
import { femto } from "../femto.ts";

/** A femto machine that can be called, open until it is disposed of. */
export interface FoundMachine extends AsyncDisposable {
  run(input: RunInput): Promise<RunResult>;
  assemble(input: { readonly source: string }): Promise<Program>;
}

export interface FindOptions {
  /** Which runner, app or URL; whatever runs where they are left out. */
  readonly runner: string | undefined;
  readonly app: string | undefined;
  readonly url: string | undefined;
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

const ENTRY = fileURLToPath(new URL("../femto.ts", import.meta.url));
const APP = "femto";

/**
 * Finds the femto machine that runs; where none does, starts the local one, which ends when it is disposed of.
 * WRONG_USE where several match, or none does on the runner that was asked for.
 */
export async function findMachine(options: FindOptions): Promise<FoundMachine> {
  const { url, signal, timeoutMs } = options;
  if (url !== undefined) {
    const caller = openUrl(url);
    const call = (procedure: string, input: unknown) => caller.call(procedure, input, { signal, timeoutMs });
    return toMachine(call, [async () => caller.close()]);
  }
  const running = await findRunning(options);
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const { app, connect } = running ?? (await startLocally(options, ends));
    const connected = await connect();
    ends.unshift(async () => connected[Symbol.asyncDispose]());
    const host = await openHost(app, connected.directory);
    ends.unshift(async () => host.close());
    return toMachine((procedure, input) => host.call("femto", procedure, input, { signal, timeoutMs }), ends);
  } catch (error) {
    for (const end of ends) await end();
    throw error;
  }
}

function toMachine(
  call: (procedure: string, input: unknown) => Promise<unknown>,
  ends: readonly (() => Promise<unknown>)[],
): FoundMachine {
  return {
    run: (input) => call("run", input) as Promise<RunResult>,
    assemble: (input) => call("assemble", input) as Promise<Program>,
    async [Symbol.asyncDispose]() {
      for (const end of ends) await end();
    },
  };
}

async function findRunning({ app, env, runner, signal }: FindOptions): Promise<Discovered | undefined> {
  const { apps } = await discover({ runners: installedRunners(ENTRY), env, signal, runner });
  const found = apps.filter((one) => {
    const service = one.services.find(({ name }) => name === "femto");
    return service?.procedures.includes("run") && (app === undefined || one.app === app);
  });
  if (found.length > 1) {
    const names = found.map((one) => `--app=${one.app} --runner=${one.runner}`);
    throw new HadronError("WRONG_USE", `Several femto machines run; say which:\n  ${names.join("\n  ")}`);
  }
  const [only] = found;
  if (only === undefined && ((runner ?? "local") !== "local" || (app ?? APP) !== APP)) {
    throw new HadronError("WRONG_USE", "No such femto machine runs; start it: npx tsx examples/femto.ts, see --help.");
  }
  return only;
}

async function startLocally({ env, progress, signal }: FindOptions, ends: (() => Promise<unknown>)[]) {
  const { topology } = compose(APP, [femto]);
  const runner = createRunner({ flags: {}, explicitApp: false, env });
  const program = { entry: ENTRY, topology, hash: hashTopology(topology), runCall: 1, secrets: {} };
  const context = { signal, progress };
  const { attached } = await runner.apply(program, context);
  if (attached !== undefined) ends.push(async () => attached[Symbol.asyncDispose]());
  return { app: APP, connect: () => runner.connect(APP, context) };
}
