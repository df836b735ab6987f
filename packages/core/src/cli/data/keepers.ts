import type { Host } from "../../call/host/host.ts";
import { createSystemClock } from "../../clock/system-clock.ts";
import { HadronError } from "../../errors.ts";
import type { Holdings, Keeper, KeptThing } from "../../verb/resource-verb.ts";
import type { Command } from "../command/command.ts";
import { openHost } from "../runners/open-host.ts";

/** How long a keeper has to say what it keeps. */
const ASK_MS = 10_000;

/** The keepers of an app's resources, reached on behalf of one command: closed when it is over. */
export class Keepers implements AsyncDisposable {
  readonly #command: Command;
  readonly #closing = new AsyncDisposableStack();
  readonly #found = new Map<string, Promise<Keeper | undefined>>();

  constructor(command: Command) {
    this.#command = command;
  }

  /** The names of those that the file's resources have. */
  get names(): readonly string[] {
    return [...new Set(this.#command.app.resources.map(({ keeper }) => keeper.name))];
  }

  /** The way to one: in the deployment, or, where nothing runs and its data is on this machine, in this process. */
  find(name: string): Promise<Keeper | undefined> {
    let found = this.#found.get(name);
    if (found === undefined) {
      found = this.#open(name);
      this.#found.set(name, found);
    }
    return found;
  }

  /** The same. WRONG_USE where there is no such keeper. */
  async need(name: string): Promise<Keeper> {
    const found = await this.find(name);
    if (found !== undefined) return found;
    const { app, context } = this.#command;
    const { name: runner } = await this.#command.runner();
    context.signal.throwIfAborted();
    throw new HadronError(
      "WRONG_USE",
      `Nothing of "${app.topology.app}" runs on ${runner}, and nothing that it kept can be reached: start it with up.`,
    );
  }

  /** What each keeps; of one that does not know the question, that nothing is new. */
  async kept(): Promise<readonly Holdings[]> {
    const all = await Promise.all(this.names.map((name) => this.#ask(name)));
    return all.filter((kept) => kept !== undefined);
  }

  /** What one of them keeps. */
  async keptBy(name: string): Promise<readonly KeptThing[]> {
    return (await this.#ask(name))?.things ?? [];
  }

  async #ask(name: string): Promise<Holdings | undefined> {
    const { signal } = this.#command.context;
    try {
      return (await (await this.find(name))?.call("kept", undefined, { timeoutMs: ASK_MS, signal })) as
        | Holdings
        | undefined;
    } catch (error) {
      if (!(error instanceof HadronError && error.code === "UNKNOWN_PROCEDURE")) throw error;
      // It does not say: nothing is claimed of what it keeps.
      const { resources = [] } = this.#command.app.topology;
      return { declared: resources.filter(({ keeper }) => keeper === name), things: [] };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closing.disposeAsync();
  }

  async #open(name: string): Promise<Keeper | undefined> {
    const { app, context } = this.#command;
    const { topology } = app;
    const runner = await this.#command.runner();
    const { revision, services } = await runner.status(topology.app, context);
    if (revision !== null) {
      // Deployed before it kept anything.
      if (!services.some((service) => service.name === name)) return undefined;
      const connected = this.#closing.use(await runner.connect(topology.app, context));
      const host = this.#closing.adopt(await openHost(topology.app, connected.directory, connected.address), (open) =>
        open.close(),
      );
      return toKeeper(host, name);
    }
    if (!(await this.#command.module()).endsWithCommand) return undefined;
    const data = await runner.data(topology.app, context);
    const folder = data.find((thing) => thing.kind === "folder" && thing.service === name);
    if (folder === undefined) return undefined;
    const { startKeeperHere } = await import("./keeper-here.ts");
    const here = this.#closing.use(await startKeeperHere(app, name, folder.name, createSystemClock()));
    return toKeeper(here.host, name);
  }
}

/** What an app's keepers keep; undefined where nobody can say, which is no reason for a command to fail. */
export async function lookAtKept(command: Command): Promise<readonly Holdings[] | undefined> {
  if (command.app.resources.length === 0) return undefined;
  try {
    await using keepers = new Keepers(command);
    return await keepers.kept();
  } catch (error) {
    command.context.signal.throwIfAborted();
    if (error instanceof HadronError) return undefined;
    throw error;
  }
}

function toKeeper(host: Pick<Host, "call" | "address">, name: string): Keeper {
  return {
    call: (procedure, input, options = {}) => host.call(name, procedure, input, options),
    address: (service, port) => host.address(service, port),
  };
}
