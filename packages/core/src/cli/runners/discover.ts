import { join } from "node:path";
import type { Host } from "../../call/host/host.ts";
import { HadronError, isHadronError } from "../../errors.ts";
import { didYouMean } from "../../nearest.ts";
import type { Connected, RunContext, Runner, RunningApp } from "../../runner.ts";
import type { Env } from "../command/env.ts";
import { quietProgress } from "../terminal/progress.ts";
import { openHost } from "./open-host.ts";
import { installedRunners, ownFlags, type Runners } from "./runners.ts";

/** A running app, and what reaches it. */
export interface Discovered extends RunningApp {
  connect(): Promise<Connected>;
}

export interface Discovery {
  readonly apps: readonly Discovered[];
  /** Runners that could not say what they run, and so may have more: which, and why. */
  readonly unknown: readonly { readonly runner: string; readonly because: string }[];
}

export interface DiscoverOptions {
  readonly runners: Runners;
  readonly env: Env;
  readonly signal: AbortSignal;
  /** Ask this one only, however long it takes, and fail if it cannot say. @default all that are installed */
  readonly runner?: string | undefined;
  /** Values of runners' own flags. Where there are any, only runners that have them all are asked. @default none */
  readonly flags?: Readonly<Record<string, string>>;
  /** Whether what was found will do, so that one that is slow is not waited for as long. @default never */
  readonly enough?: (apps: readonly Discovered[]) => boolean;
  /** How long an engine or a cluster that nobody named may keep the rest waiting. @default 3000 */
  readonly patienceMs?: number;
  /** The same where enough was found. Not nothing: that a second app matches, too, should be seen. @default 1000 */
  readonly shortPatienceMs?: number;
}

/**
 * Asks the runners what runs, all at once. One that nobody named and that does not answer, as where no engine runs, is
 * no failure. RUNNER_FAILED where one that was named cannot be asked.
 */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const { runner, signal, enough = () => false, patienceMs = 3000, shortPatienceMs = 1000 } = options;
  if (runner !== undefined) return { apps: await ask(runner, options), unknown: [] };
  const { sure, all: names } = await whomToAsk(options);
  const answers = new Map<string, readonly Discovered[]>();
  const unknown: { runner: string; because: string }[] = [];
  const givenUp = new AbortController();
  const inOrder = () => names.flatMap((name) => answers.get(name) ?? []);
  const patience = createPatience(shortPatienceMs, patienceMs, () => enough(inOrder()));
  const asking = names.map(async (name) => {
    if (sure.includes(name)) return void answers.set(name, await ask(name, options));
    try {
      answers.set(name, await ask(name, options, AbortSignal.any([signal, givenUp.signal])));
    } catch (error) {
      if (givenUp.signal.aborted) return;
      answers.set(name, []);
      // No engine, no cluster: so nothing runs there. Anything else must show, but not keep others from being called.
      if (isHadronError(error) && error.code === "RUNNER_FAILED") return;
      unknown.push({ runner: name, because: error instanceof Error ? error.message : String(error) });
    }
  });
  for (const question of asking) question.then(patience.check, () => {});
  // Those that are sure to answer are waited for, however long it takes.
  const sureOnes = asking.filter((_, index) => sure.includes(names[index] ?? ""));
  await Promise.race([Promise.all(asking), patience.over.then(() => Promise.all(sureOnes))]);
  patience.end();
  for (const name of names) {
    if (!answers.has(name)) unknown.push({ runner: name, because: "it has not answered in time" });
  }
  givenUp.abort();
  return { apps: inOrder(), unknown };
}

/** The runners that can say what runs, by name and in order; `sure`: those of them that need no patience. */
async function whomToAsk({ runners, env, flags = {} }: DiscoverOptions) {
  const asked = await Promise.all(
    runners.names().map(async (name) => {
      const places = await runners.places(name);
      const hasAll = Object.keys(flags).every((flag) => places.flags.some((own) => own.name === flag));
      return { name, answers: hasAll ? places.answers(env) : "never" };
    }),
  );
  return {
    sure: asked.flatMap(({ name, answers }) => (answers === "always" ? [name] : [])),
    all: asked.flatMap(({ name, answers }) => (answers === "never" ? [] : [name])),
  };
}

/** Over after the long time, or after the short one as soon as it is enough. */
function createPatience(shortMs: number, longMs: number, enough: () => boolean) {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let short = false;
  const check = () => {
    if (short && enough()) resolve();
  };
  const first = setTimeout(() => {
    short = true;
    check();
  }, shortMs);
  const last = setTimeout(resolve, longMs);
  const end = () => {
    clearTimeout(first);
    clearTimeout(last);
  };
  return { over, check, end };
}

/** `asking` ends the question alone: whoever was found is connected to later. */
async function ask(
  name: string,
  { runners, env, flags = {}, signal }: DiscoverOptions,
  asking: AbortSignal = signal,
): Promise<Discovered[]> {
  const module = await runners.load(name);
  const runner: Runner = module.createRunner({ flags: ownFlags(flags, module), explicitApp: false, env });
  const context: RunContext = { signal, progress: quietProgress };
  const apps = await runner.list({ ...context, signal: asking });
  return apps.map((app) => ({ ...app, connect: () => runner.connect(app.app, context) }));
}

/**
 * Finds the one running app that has a service, as the `hadron` command does, for a script that just calls it.
 * UNKNOWN_SERVICE where none has it, FAILED_PRECONDITION where several have.
 */
export async function discoverHost(service: string): Promise<Host> {
  const { signal } = new AbortController();
  const { apps } = await discover({
    runners: installedRunners(process.argv[1] ?? join(process.cwd(), "script")),
    env: process.env,
    signal,
  });
  const having = apps.filter((app) => app.services.some(({ name }) => name === service));
  const [found] = having;
  if (found === undefined) {
    const names = apps.flatMap((app) => app.services.map(({ name }) => name));
    throw new HadronError(
      "UNKNOWN_SERVICE",
      `Nothing that runs has a service "${service}".${didYouMean(service, names)} Start it first.`,
    );
  }
  if (having.length > 1) {
    const where = having.map(({ app, runner }) => `${app} (${runner})`).join(", ");
    throw new HadronError("FAILED_PRECONDITION", `"${service}" runs in several apps, ${where}: end all but one.`);
  }
  const { directory, address } = await found.connect();
  return openHost(found.app, directory, address);
}
