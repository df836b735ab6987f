import type { StartedApp } from "@hadron/core/testing";
import type { Query, RunEvent, RunFacts } from "@hadron/resources/store";
import { toKey } from "../log/calls.ts";
import type { LogEvent } from "../log/events.ts";
import { fromRunEvent } from "../log/stored-events.ts";
import { toTravellingKey } from "../log/travelling-key.ts";
import { fromLogged } from "../log/values.ts";
import { viewOf } from "../log/view.ts";

const PAGE = 1000;

/** What is to be the same, wherever a replica crashed. */
export interface Sight {
  readonly scenario: { readonly value: unknown } | { readonly error: string };
  /** By program and id. */
  readonly runs: Readonly<Record<string, RunSight>>;
  /** The calls that programs made of other services, by their keys, once each. */
  readonly effects: readonly string[];
}

interface RunSight {
  readonly state: RunFacts["state"];
  readonly because: string | undefined;
  readonly outcome: unknown;
  readonly awaited: readonly string[];
  /** What it asked for, by its keys. */
  readonly commands: readonly string[];
}

/** Sees what comes of a scenario. */
export class Watcher {
  readonly #app: StartedApp;
  readonly #programs: readonly string[];
  /** What other services were asked for, and did: by service, procedure and id. */
  readonly #done = new Map<string, string>();

  constructor(app: StartedApp) {
    this.#app = app;
    const { services } = app.topology;
    this.#programs = services.filter(({ pattern }) => pattern === "durable").map(({ name }) => name);
    for (const replica of app.replicas()) {
      const { service } = replica;
      if (this.#programs.includes(service) || service.startsWith("hadron.")) continue;
      replica.intercept({
        answer: ({ procedure, id }) => {
          if (id !== undefined) this.#done.set(`${service}.${procedure} ${id}`, id);
          return undefined;
        },
      });
    }
  }

  async see(scenario: Sight["scenario"]): Promise<Sight> {
    const runs: Record<string, RunSight> = {};
    const keys = new Set<string>();
    for (const program of this.#programs) {
      const found = (await this.#read({
        kind: "runs",
        program,
        state: undefined,
        before: undefined,
        most: PAGE,
      })) as readonly RunFacts[];
      for (const facts of found.toSorted((one, other) => (one.id < other.id ? -1 : 1))) {
        const name = `${program}/${facts.id}`;
        const log = await this.#log(facts);
        const commands = keysOf(name, log);
        for (const { key } of commands) keys.add(toTravellingKey(key));
        runs[name] = toRunSight(facts, log, commands);
      }
    }
    const effects = [...this.#done].filter(([, id]) => keys.has(id)).map(([name]) => name);
    return { scenario, runs, effects: effects.toSorted() };
  }

  async #log({ run, first, length }: RunFacts): Promise<readonly LogEvent[]> {
    const log: LogEvent[] = [];
    while (first + log.length < length) {
      const from = first + log.length;
      const query = { kind: "run-events", run, from, most: Math.min(PAGE, length - from) } as const;
      log.push(...((await this.#read(query)) as readonly RunEvent[]).map(fromRunEvent));
    }
    return log;
  }

  async #read(query: Query): Promise<unknown> {
    const [answer] = (await this.#app.call("hadron.store", "read", [query])) as readonly unknown[];
    return answer;
  }
}

function toRunSight({ state, because }: RunFacts, log: readonly LogEvent[], commands: readonly Command[]): RunSight {
  const { awaited, outcome } = viewOf(log);
  return {
    state,
    because,
    outcome: outcome === undefined || "error" in outcome ? outcome : { value: fromLogged(outcome.ok) },
    awaited: awaited.map(({ kind, name }) => `${kind} ${name}`),
    commands: commands.map(({ kind, key }) => `${kind} ${key}`).toSorted(),
  };
}

interface Command {
  readonly kind: string;
  readonly key: string;
}

function keysOf(run: string, log: readonly LogEvent[]): readonly Command[] {
  const names = new Map<string, number>();
  let base: number | undefined;
  return log.flatMap((event) => {
    if (event.type === "started") base = event.base;
    if (event.type !== "called" || event.kind === "patch") return [];
    const occurrence = (names.get(event.name) ?? 0) + 1;
    names.set(event.name, occurrence);
    return [{ kind: event.kind, key: toKey(run, event.name, occurrence, base) }];
  });
}
