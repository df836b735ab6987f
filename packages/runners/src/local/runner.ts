import { dirname, join } from "node:path";
import {
  type AppData,
  type Applied,
  type AppStatus,
  addressesOfMembers,
  type Connected,
  type Deleted,
  type DeleteOptions,
  HadronError,
  isHadronError,
  type LogLine,
  type LogOptions,
  type Plan,
  type Program,
  type RunContext,
  type Runner,
  type RunningApp,
  TableDirectory,
  type TakenAlong,
} from "@hadron/core/spi";
import { endEsbuild } from "../bundle/index.ts";
import { checkApp, describeLayout, type Layout, toLayout } from "../layout/index.ts";
import { withCaptures } from "../replica/captures.ts";
import { authorityFolder } from "../shared/tls/authority.ts";
import { claim, describeHolder } from "./control/claim.ts";
import { RemoteDeployment } from "./control/remote.ts";
import { Session } from "./control/session.ts";
import type { Deployment } from "./deployment/deployment.ts";
import { type Description, describeDeployment, isDescription, toRunningApp } from "./deployment/description.ts";
import { type AppDataPlace, placeOfData } from "./folder/app-data.ts";
import { keepCaptured, readCaptured } from "./folder/captured.ts";
import type { LocalPaths } from "./folder/paths.ts";
import { createRunFolder, findRunFolder, listRunFolders } from "./folder/run-folder.ts";
import { generatedSecrets } from "./folder/secrets.ts";
import { listStorage, makeStorage, removeStorage } from "./folder/storage.ts";
import { plan } from "./plan.ts";
import { PortMemory } from "./ports/port-memory.ts";
import { toInspected } from "./replica/inspect.ts";
import { inheritedEnv, type Release, writeRelease } from "./replica/release.ts";
import type { Clock } from "./replica/restart-policy.ts";

export interface LocalRunnerOptions {
  readonly paths: LocalPaths;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly startTimeoutMs: number;
  /** The app file, where it is known. */
  readonly entry: string | undefined;
  /** Where apps store, absolute; beside the app file where nobody said it. */
  readonly dataDir: string | undefined;
  /** Which replicas have an inspector: see {@link toInspected}. */
  readonly inspect: string | undefined;
}

const STATUS_MS = 5000;

/**
 * Runs apps as processes of this one. What another process runs is reached over its control socket.
 *
 * Whether the file is deterministic is found out while the replicas start: nothing is created that would outlive this
 * process. Each replica compares its topology with the deployed one before it serves, and a process beside them does
 * that and goes on, which a replica never does: so it also finds a second run().
 */
export class LocalRunner implements Runner {
  readonly name = "local";
  readonly #options: LocalRunnerOptions;
  readonly #sessions = new Map<string, Session>();

  constructor(options: LocalRunnerOptions) {
    this.#options = options;
  }

  async plan(program: Program, { signal }: RunContext): Promise<Plan> {
    const { topology } = program;
    const world = await this.#describe(topology.app, signal);
    if (world === undefined && program.capturing === undefined) return { changes: plan(topology, undefined, world) };
    const layout = await toLayout(program, { cache: this.#options.paths.cache, signal });
    const { captured } = await this.#capture(program, layout, signal);
    return { changes: plan(topology, { layoutHash: layout.hash, captured }, world) };
  }

  async apply(program: Program, context: RunContext): Promise<Applied> {
    const { topology, entry } = program;
    const { signal, progress } = context;
    const { cache } = this.#options.paths;
    progress.step("bundle", entry);
    const layingOut = toLayout(program, { cache, signal });
    // Looked at below, after what goes on beside it.
    layingOut.catch(() => {});
    const running = this.#sessions.get(topology.app);
    if (running?.deployment !== undefined) {
      const layout = await layingOut;
      const whole = await this.#capture(program, layout, signal);
      const wanted = { layoutHash: layout.hash, captured: whole.captured };
      const changes = plan(topology, wanted, describeDeployment(running.deployment));
      if (changes.length > 0) {
        const place = this.#placeOfData(topology.app, entry);
        const secrets = generatedSecrets(place, topology.services);
        keepCaptured(place, whole);
        const release = writeRelease(running.folder.path, whole, { layout, cache }, secrets);
        await this.#check(release, whole, signal);
        await running.deployment.update(release, context);
      }
      return { status: await running.deployment.status(), changes, attached: running };
    }

    const session = new Session(createRunFolder(this.#options.paths.runtime, topology.app));
    try {
      await claim(topology.app, session, signal);
      const layout = await layingOut;
      const place = this.#placeOfData(topology.app, entry);
      const whole = await this.#capture(program, layout, signal);
      const secrets = generatedSecrets(place, topology.services);
      const release = writeRelease(session.folder.path, whole, { layout, cache }, secrets);
      keepCaptured(place, whole);
      const { env, clock, startTimeoutMs, paths } = this.#options;
      const deployment = session.deploy(release, {
        env,
        clock,
        startTimeoutMs,
        ports: new PortMemory(paths.cache, topology.app),
        certificates: {
          authority: authorityFolder(env),
          appFolder: dirname(entry),
          secrets: program.secrets,
          note: (text) => progress.note(text),
        },
        data: place,
        makeStorage: (service, ordinal) => makeStorage(place, service, ordinal, (text) => progress.note(text)),
        inspected: toInspected(this.#options.inspect, topology.services),
        inspecting: (replica, address) => progress.note(`${replica} is inspected at ${address}`),
      });
      await Promise.all([deployment.start(context), this.#check(release, whole, signal)]);
      this.#sessions.set(topology.app, session);
      void session.ended.then(() => this.#sessions.delete(topology.app));
      await endEsbuild();
      return { status: deployment.firstStatus(), changes: plan(topology, undefined, undefined), attached: session };
    } catch (error) {
      if (!signal.aborted) session.refuseIfDeleted(topology.app);
      await session.close("it could not start");
      throw error;
    }
  }

  async status(app: string, { signal }: RunContext): Promise<AppStatus> {
    const mine = this.#mine(app);
    if (mine !== undefined) return mine.status();
    const nothing = { app, runner: this.name, revision: null, services: [] };
    const remote = await this.#remote(app, signal);
    return (await ifThere(remote?.once({ verb: "status" }, signal, STATUS_MS))) ?? nothing;
  }

  async *logs(app: string, options: LogOptions, { signal }: RunContext): AsyncGenerator<LogLine> {
    const mine = this.#mine(app);
    if (mine !== undefined) yield* mine.readLogs(options, signal);
    else yield* (await this.#need(app, signal)).logs(options.service, options.follow, signal);
  }

  async scale(app: string, service: string, replicas: number, context: RunContext): Promise<void> {
    const mine = this.#mine(app);
    if (mine !== undefined) return mine.scale(service, replicas, context, `process ${process.pid}`);
    const by = `process ${process.pid}`;
    const request = { verb: "scale", service, replicas, by, waitMs: context.waitMs } as const;
    await (await this.#need(app, context.signal)).once(request, context.signal);
  }

  async connect(app: string, { signal }: RunContext): Promise<Connected> {
    const mine = this.#mine(app);
    return mine === undefined ? (await this.#need(app, signal)).connect(signal) : connectHere(mine);
  }

  async delete(app: string, { data }: DeleteOptions, { signal }: RunContext): Promise<Deleted> {
    // Asked before it ends: whoever runs it knows best where it stores.
    const place = await this.#knownPlaceOfData(app, signal);
    const mine = this.#sessions.get(app);
    if (mine !== undefined) await mine.close("it was deleted");
    else await ifThere((await this.#remote(app, signal))?.once({ verb: "delete" }, signal));
    const left = await this.#describe(app, signal);
    // Who holds it anew stores there already.
    if (data && left === undefined) removeStorage(place);
    return {
      left: left === undefined ? [] : [`process ${left.pid}, which holds "${app}" (anew?)`],
      kept: await listStorage(place),
    };
  }

  async data(app: string, { signal }: RunContext): Promise<readonly AppData[]> {
    return listStorage(await this.#knownPlaceOfData(app, signal));
  }

  async list({ signal }: RunContext): Promise<readonly RunningApp[]> {
    const { runtime } = this.#options.paths;
    const found = await Promise.all(
      // One that does not answer should not hide the others.
      listRunFolders(runtime).map(({ app, path }) =>
        describeHolder(join(runtime, app), path, signal).catch(() => undefined),
      ),
    );
    signal.throwIfAborted();
    return found.filter(isDescription).map(toRunningApp);
  }

  export(): Promise<string> {
    return Promise.reject(
      new HadronError(
        "WRONG_USE",
        "The local runner makes processes, which no other tool takes; export with --runner=docker or --runner=kubernetes.",
      ),
    );
  }

  /** With its captured values: those of the app's last run here, or computed. */
  #capture(program: Program, layout: Layout, signal: AbortSignal): Promise<Program> {
    const place = this.#placeOfData(program.topology.app, program.entry);
    return withCaptures(program, layout, async () => readCaptured(place), signal);
  }

  async files(program: Program, { signal }: RunContext): Promise<readonly TakenAlong[]> {
    return describeLayout(await toLayout(program, { cache: this.#options.paths.cache, signal }));
  }

  async #check({ staged }: Release, program: Program, signal: AbortSignal): Promise<void> {
    try {
      await checkApp(staged, program, signal, { inherited: inheritedEnv(this.#options.env), judgeSilence: false });
    } catch (error) {
      // The start beside it says that it was stopped, and with what reason.
      if (!signal.aborted) throw error;
    }
  }

  async #knownPlaceOfData(app: string, signal: AbortSignal): Promise<AppDataPlace> {
    const running = await this.#describe(app, signal);
    return running?.data ?? this.#placeOfData(app, this.#options.entry);
  }

  /** `entry` undefined: nobody knows the app file, so that only what was told, or where earlier versions stored, can be looked at. */
  #placeOfData(app: string, entry: string | undefined): AppDataPlace {
    const { dataDir, paths } = this.#options;
    const former = paths.formerData;
    if (entry === undefined) return placeOfData(app, { dataDir: dataDir ?? former, folder: former, former });
    return placeOfData(app, { dataDir, folder: dirname(entry), former });
  }

  #mine(app: string): Deployment | undefined {
    return this.#sessions.get(app)?.deployment;
  }

  async #describe(app: string, signal: AbortSignal): Promise<Description | undefined> {
    const mine = this.#mine(app);
    if (mine !== undefined) return describeDeployment(mine);
    const { runtime } = this.#options.paths;
    const path = findRunFolder(runtime, app);
    const holder = path === undefined ? undefined : await describeHolder(join(runtime, app), path, signal);
    return isDescription(holder) ? holder : undefined;
  }

  async #remote(app: string, signal: AbortSignal): Promise<RemoteDeployment | undefined> {
    const { runtime } = this.#options.paths;
    const path = findRunFolder(runtime, app);
    if (path === undefined || (await describeHolder(join(runtime, app), path, signal)) === undefined) return undefined;
    return new RemoteDeployment(app, path);
  }

  async #need(app: string, signal: AbortSignal): Promise<RemoteDeployment> {
    const remote = await this.#remote(app, signal);
    if (remote !== undefined) return remote;
    throw new HadronError("WRONG_USE", `"${app}" does not run on this machine. Start it: npx tsx FILE up`);
  }
}

/** Undefined also where it has ended meanwhile. */
async function ifThere<T>(asked: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isHadronError(error) && error.code === "UNAVAILABLE") return undefined;
    throw error;
  }
}

function connectHere(deployment: Deployment): Connected {
  const directory = new TableDirectory();
  directory.onSuspect = async (service, { name }) => (await deployment.because(service, name)) ?? undefined;
  const take = (services: ReturnType<Deployment["members"]>) => {
    for (const [service, members] of Object.entries(services)) directory.set(service, members);
  };
  take(deployment.members());
  const stop = deployment.watchMembers(take);
  return {
    directory,
    address: addressesOfMembers(directory),
    async [Symbol.asyncDispose]() {
      stop();
      directory.close();
    },
  };
}
