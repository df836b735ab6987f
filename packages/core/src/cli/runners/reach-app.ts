import { join } from "node:path";
import type { ConnectOptions, ConnectTarget, Reached } from "../../connect/target.ts";
import { HadronError } from "../../errors.ts";
import { didYouMean } from "../../nearest.ts";
import { type Discovered, discover } from "./discover.ts";
import { openHost } from "./open-host.ts";
import { flagsOfAll, installedRunners, type Runners } from "./runners.ts";

const SEARCH_MS = 30_000;

interface Match {
  readonly app: Discovered;
  readonly service: Discovered["services"][number];
}

/** Reaches a service of what runs, through its runner. Fails as `connect` does. */
export async function reachApp(target: ConnectTarget, options: ConnectOptions): Promise<Reached> {
  const { signal: given, timeoutMs = SEARCH_MS } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = given === undefined ? timeout : AbortSignal.any([given, timeout]);
  try {
    const { app, service } = await find(target, signal);
    const connected = await app.connect();
    const host = await openHost(app.app, connected.directory);
    return {
      service: service.name,
      procedures: service.procedures,
      call: (procedure, input, callOptions) => host.call(service.name, procedure, input, callOptions),
      async [Symbol.asyncDispose]() {
        host.close();
        await connected[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    if (given?.aborted) throw new HadronError("CANCELLED", "connect() was given up.", { cause: given.reason });
    if (timeout.aborted) {
      const text = `connect() found no way to ${nameOf(target)} in ${timeoutMs} ms; name the runner, or give it a longer timeoutMs.`;
      throw new HadronError("DEADLINE_EXCEEDED", text, { cause: error });
    }
    throw error;
  }
}

async function find(target: ConnectTarget, signal: AbortSignal): Promise<Match> {
  const { runner, flags = {} } = target;
  const runners = installedRunners(process.argv[1] ?? join(process.cwd(), "script"));
  await checkFlags(runners, flags);
  const { apps, unknown } = await discover({
    runners,
    env: process.env,
    signal,
    runner,
    flags,
    enough: (found) => matchesOf(found, target).length > 0,
  });
  const matches = matchesOf(apps, target);
  const [match] = matches;
  if (match === undefined) throw notFound(target, apps, unknown);
  if (matches.length === 1) return match;
  const where = matches.map(({ app, service }) => `${service.name} of ${app.app} (${app.runner})`).join(", ");
  throw new HadronError(
    "FAILED_PRECONDITION",
    `${nameOf(target)} is in several places: ${where}. Say which: connect({ app, service, runner }).`,
  );
}

function matchesOf(apps: readonly Discovered[], target: ConnectTarget): readonly Match[] {
  return apps
    .filter(({ app }) => target.app === undefined || app === target.app)
    .flatMap((app) => app.services.map((service) => ({ app, service })))
    .filter(({ service }) => target.service === undefined || service.name === target.service);
}

function notFound(
  target: ConnectTarget,
  apps: readonly Discovered[],
  unknown: readonly { readonly runner: string; readonly because: string }[],
): HadronError {
  const [wanted, names] =
    target.app !== undefined && !apps.some(({ app }) => app === target.app)
      ? [target.app, apps.map(({ app }) => app)]
      : [target.service ?? "", apps.flatMap(({ services }) => services.map(({ name }) => name))];
  const silent = unknown.map(({ runner, because }) => ` ${runner} could not be asked: ${because}.`).join("");
  return new HadronError(
    "UNKNOWN_SERVICE",
    `Nothing that runs is ${nameOf(target)}.${didYouMean(wanted, names)} Start it first.${silent}`,
  );
}

async function checkFlags(runners: Runners, flags: Readonly<Record<string, string>>): Promise<void> {
  const known = (await flagsOfAll(runners)).map(({ flag }) => flag.name);
  const wrong = Object.keys(flags).find((name) => !known.includes(name));
  if (wrong === undefined) return;
  throw new HadronError("WRONG_USE", `No runner has a flag "${wrong}".${didYouMean(wrong, known)}`);
}

function nameOf({ app, service }: ConnectTarget): string {
  const what = service === undefined ? "a service" : `the service "${service}"`;
  return app === undefined ? what : `${what} of the app "${app}"`;
}
