import { fileURLToPath } from "node:url";
import { openHost } from "@hadron/core/cli/shared";
import { compose, HadronError, hashTopology, type Program, type RunContext, type Runner } from "@hadron/core/spi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

export interface RunnerSuite {
  /** Makes a runner, as another process would have it: the suite makes several. `env`: what the deploying side has. */
  readonly createRunner: (env: Readonly<Record<string, string>>) => Runner | Promise<Runner>;
  /** An app's name that nothing else uses. @default hadron-suite-PID */
  readonly app?: string;
  /** The suite is skipped, for this reason. */
  readonly skip?: string | undefined;
  /** Whether an exposed service has an address that this machine can call, beside `connect`. @default true */
  readonly endpoints?: boolean;
  /** Whether an endpoint that asked for no port may move when its replica is replaced. @default false */
  readonly endpointsMove?: boolean;
  /** Whether `delete` keeps data already. @default true */
  readonly keepsData?: boolean;
  /** How long one verb may take. @default 120 000 */
  readonly timeoutMs?: number;
}

const SECRET = "s3cret of the suite";
const QUIET = { step() {}, note() {} };

/** An app file as a program: what the command line makes of it. `values`: the services that it exports. */
export function toProgram(
  entry: string,
  app: string,
  values: readonly unknown[],
  secrets: Record<string, string> = {},
): Program {
  const { topology } = compose(app, values);
  return { entry, topology, hash: hashTopology(topology), runCall: 1, secrets };
}

/** Tries again until `look` returns something else than undefined. The test's own timeout bounds it. */
export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined, pauseMs = 25): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/**
 * Proves each promise of a runner's verbs, with an app of two services that call each other. A new runner passes it:
 *
 * @example
 * describeRunner("local", { createRunner: (env) => createRunner({ env, flags: {}, explicitApp: false }) });
 */
export function describeRunner(name: string, suite: RunnerSuite): void {
  const app = suite.app ?? `hadron-suite-${process.pid}`;
  const timeout = suite.timeoutMs ?? 120_000;
  const endpoints = suite.endpoints ?? true;

  describe.skipIf(suite.skip !== undefined)(
    `the ${name} runner${suite.skip === undefined ? "" : ` (${suite.skip})`}`,
    { timeout },
    () => {
      let runner: Runner;
      /** Shares nothing with the first but the world. */
      let other: Runner;
      let program: Program;
      let next: Program;
      let notes: Program;
      let late: Program;
      const stop = new AbortController();
      const context: RunContext = { signal: stop.signal, progress: QUIET };

      beforeAll(async () => {
        const env = { ...(process.env as Record<string, string>), GREETER_SECRET: SECRET, NOT_DECLARED: "x" };
        [runner, other] = await Promise.all([suite.createRunner(env), suite.createRunner(env)]);
        const load = async (file: string, services: readonly string[]) => {
          const entry = fileURLToPath(new URL(`../test/fixtures/${file}`, import.meta.url));
          const loaded = await import(entry);
          const values = services.map((service) => loaded[service]);
          return toProgram(entry, app, values, { GREETER_SECRET: SECRET });
        };
        [program, next, notes, late] = await Promise.all([
          load("greeter.ts", ["front", "back"]),
          load("greeter-next.ts", ["front", "back"]),
          load("notes.ts", ["book"]),
          load("late.ts", ["late"]),
        ]);
        await runner.delete(app, { data: true }, context);
      }, timeout);
      afterAll(async () => {
        await runner?.delete(app, { data: true }, context);
        stop.abort();
      }, timeout);

      /** Calls a procedure by a connection of its own, as a command does. */
      async function call(service: string, procedure: string, input?: unknown, by: Runner = other): Promise<any> {
        return withOutput(service, procedure, input, by, async (output) => output);
      }

      /** The same, for a stream: its connection lasts until `use` is done. */
      async function withOutput<T>(
        service: string,
        procedure: string,
        input: unknown,
        by: Runner,
        use: (output: any) => Promise<T>,
      ): Promise<T> {
        await using connected = await by.connect(app, context);
        const host = await openHost(app, connected.directory);
        try {
          return await use(await host.call(service, procedure, input, { timeoutMs: 20_000 }));
        } finally {
          host.close();
        }
      }

      /** Calls all the time while `work` goes on, and returns what was answered. One failed call fails it. */
      async function callingDuring(
        service: string,
        procedure: string,
        work: () => Promise<unknown>,
      ): Promise<unknown[]> {
        await using connected = await other.connect(app, context);
        const host = await openHost(app, connected.directory);
        const answers: unknown[] = [];
        let going = true;
        const caller = async () => {
          while (going) answers.push(await host.call(service, procedure, undefined, { timeoutMs: 20_000 }));
        };
        const callers = Promise.all([caller(), caller(), caller()]);
        try {
          await Promise.race([work(), callers]);
          going = false;
          await callers;
        } finally {
          going = false;
          await callers.catch(() => {});
          host.close();
        }
        return answers;
      }

      const names = (status: Awaited<ReturnType<Runner["status"]>>) =>
        status.services.flatMap((service) => service.replicas.map((one) => one.name)).sort();
      const states = (status: Awaited<ReturnType<Runner["status"]>>) => [
        ...new Set(status.services.flatMap((service) => service.replicas.map((one) => one.state))),
      ];

      test("says that nothing is deployed where nothing is", async () => {
        expect(await runner.status(app, context)).toEqual({ app, runner: name, revision: null, services: [] });
        expect(await runner.delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
        expect((await runner.list(context)).filter((one) => one.app === app)).toEqual([]);
        await expect(runner.connect(app, context)).rejects.toMatchObject({
          code: expect.stringMatching(/WRONG_USE|RUNNER_FAILED/),
        });
      });

      test("plan lists what is to be created, and creates nothing", async () => {
        const { changes } = await runner.plan(program, context);
        expect(changes.length).toBeGreaterThan(0);
        expect(changes.map((one) => one.action)).toEqual(changes.map(() => "create"));
        expect((await runner.status(app, context)).revision).toBeNull();
      });

      test("apply starts every replica, and resolves when all are ready", async () => {
        const { status, changes } = await runner.apply(program, context);
        expect(changes.length).toBeGreaterThan(0);
        expect(status).toMatchObject({ app, runner: name, revision: expect.any(String) });
        expect(status.services.map((one) => one.name).sort()).toEqual(["back", "front"]);
        expect(status.services.find((one) => one.name === "back")?.replicas).toHaveLength(2);
        expect(states(status)).toEqual(["ready"]);
        const endpoint = status.services.find((one) => one.name === "front")?.endpoint;
        expect(endpoint).toEqual(endpoints ? expect.stringMatching(/^http:\/\//) : null);
        expect(status.services.find((one) => one.name === "back")?.endpoint).toBeNull();
      });

      test("apply of the same file changes nothing", async () => {
        expect((await runner.plan(program, context)).changes).toEqual([]);
        const before = await runner.status(app, context);
        const { status, changes } = await runner.apply(program, context);
        expect(changes).toEqual([]);
        expect(status.revision).toBe(before.revision);
        expect(names(status)).toEqual(names(before));
        expect(status.services.flatMap((service) => service.replicas.map((one) => one.restarts))).toEqual([0, 0, 0]);
      });

      test("another process sees the same status, and finds the app with its procedures", async () => {
        const [mine, theirs] = await Promise.all([runner.status(app, context), other.status(app, context)]);
        expect({ ...theirs, services: names(theirs) }).toEqual({ ...mine, services: names(mine) });
        const listed = (await other.list(context)).find((one) => one.app === app);
        expect(listed).toMatchObject({ app, runner: name });
        expect(listed?.services.find((one) => one.name === "front")).toEqual({
          name: "front",
          procedures: ["hello", "pid", "who", "version", "count", "total", "say", "given"],
          endpoint: mine.services.find((one) => one.name === "front")?.endpoint,
        });
      });

      test("connect gives a way to call, from the process that deployed and from others", async () => {
        expect(await call("front", "hello", "Ann", runner)).toBe("Hello, Ann!");
        expect(await call("front", "hello", "Bob", other)).toBe("Hello, Bob!");
        expect(await call("back", "version")).toBe(1);
      });

      test("services call each other, and the calls reach every replica", async () => {
        const who = new Set<string>();
        await eventually(async () => {
          who.add(await call("front", "who"));
          return who.size === 2 ? true : undefined;
        });
      });

      test("streams pass from service to service and to whoever calls, both ways", async () => {
        const collect = async (items: AsyncIterable<number>) => {
          const all: number[] = [];
          for await (const one of items) all.push(one);
          return all;
        };
        const COUNT = 1000;
        const numbers = Array.from({ length: COUNT }, (_, index) => index + 1);
        expect(await withOutput("front", "count", COUNT, other, collect)).toEqual(numbers);
        async function* made() {
          yield* numbers;
        }
        expect(await call("front", "total", made())).toBe((COUNT * (COUNT + 1)) / 2);
        // Leaving ends the handlers behind it: what goes on for ever would keep its replica from draining.
        const first = async (items: AsyncIterable<number>) => {
          for await (const one of items) return one;
          return undefined;
        };
        expect(await withOutput("front", "count", Number.MAX_SAFE_INTEGER, other, first)).toBe(1);
      });

      // Not skipped where there are none: that is no promise of such a runner.
      if (endpoints) {
        test("an endpoint takes JSON-RPC from outside", async () => {
          const { services } = await runner.status(app, context);
          const endpoint = services.find((one) => one.name === "front")!.endpoint!;
          const body = JSON.stringify({ jsonrpc: "2.0", method: "hello", params: ["Eve"], id: 1 });
          const response = await fetch(endpoint, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body,
          });
          expect(await response.json()).toEqual({ jsonrpc: "2.0", id: 1, result: "Hello, Eve!" });
          const streamed = await fetch(endpoint, {
            method: "POST",
            headers: { "content-type": "application/json", accept: "application/x-ndjson" },
            body: JSON.stringify({ jsonrpc: "2.0", method: "count", params: [2], id: 2 }),
          });
          expect(
            (await streamed.text())
              .trimEnd()
              .split("\n")
              .map((line) => JSON.parse(line)),
          ).toEqual([
            { jsonrpc: "2.0", method: "rpc.item", params: { id: 2, item: 1 } },
            { jsonrpc: "2.0", method: "rpc.item", params: { id: 2, item: 2 } },
            { jsonrpc: "2.0", result: null, id: 2 },
          ]);
          expect((await fetch(`${endpoint}/metrics`)).status).toBe(404);
        });
      }

      test("replicas get the environment and the secrets that were declared, and no others", async () => {
        expect(await call("front", "given")).toEqual(["red", SECRET, null]);
      });

      test("status counts calls", async () => {
        const before = await callsOf("front");
        for (let i = 0; i < 3; i++) await call("front", "hello", "x");
        await eventually(async () => ((await callsOf("front")) >= before + 3 ? true : undefined));
      });
      async function callsOf(service: string): Promise<number> {
        const status = await runner.status(app, context);
        const { replicas } = status.services.find((one) => one.name === service)!;
        return replicas.reduce((sum, one) => sum + (one.calls ?? 0), 0);
      }

      test("logs are merged, say whose they are, and can be narrowed to one service", async () => {
        const read = async (service: string | undefined) => {
          const lines = [];
          for await (const line of other.logs(app, { service, follow: false }, context)) lines.push(line);
          return lines;
        };
        const all = await eventually(async () => {
          const lines = await read(undefined);
          const ready = lines.filter((one) => one.line.includes('"event":"ready"'));
          return new Set(ready.map((one) => one.replica)).size === 3 ? lines : undefined;
        });
        expect(new Set(all.map((one) => one.service))).toEqual(new Set(["front", "back"]));
        for (const { time, service, replica } of all) {
          expect(new Date(time).toISOString()).toBe(time);
          expect(replica.startsWith(service)).toBe(true);
        }
        expect(new Set((await read("back")).map((one) => one.service))).toEqual(new Set(["back"]));
      });

      test("logs go on where they are followed, until the signal aborts", async () => {
        const over = new AbortController();
        const words = `now ${Math.random()}`;
        const followed = (async () => {
          for await (const line of other.logs(
            app,
            { service: "front", follow: true },
            { ...context, signal: over.signal },
          )) {
            if (line.line.includes(words)) return line;
          }
          return undefined;
        })();
        let said = false;
        // A follower may need a moment until it hears: said until it did.
        const saying = (async () => {
          while (!said) {
            await call("front", "say", words);
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
        })();
        const line = await followed;
        said = true;
        await saying;
        over.abort();
        expect(line).toMatchObject({ service: "front" });
      });

      test("scale adds replicas and takes them away, and no call fails meanwhile", async () => {
        const answers = await callingDuring("front", "who", async () => {
          await other.scale(app, "back", 4, context);
          await eventually(async () => {
            const { services } = await runner.status(app, context);
            const { replicas } = services.find((one) => one.name === "back")!;
            return replicas.length === 4 && replicas.every((one) => one.state === "ready") ? true : undefined;
          });
          expect((await runner.plan(program, context)).changes).not.toEqual([]);
          await other.scale(app, "back", 1, context);
          await eventually(async () => {
            const { services } = await runner.status(app, context);
            return services.find((one) => one.name === "back")!.replicas.length === 1 ? true : undefined;
          });
        });
        expect(answers.length).toBeGreaterThan(0);
      });

      test("scale refuses a service that there is not, and says which was meant", async () => {
        await expect(other.scale(app, "bakc", 2, context)).rejects.toMatchObject({
          code: "WRONG_USE",
          message: expect.stringContaining('Did you mean "back"?'),
        });
      });

      test("scale refuses a number that the service cannot have", async () => {
        for (const count of [0, 10_001]) {
          await expect(other.scale(app, "back", count, context)).rejects.toMatchObject({
            code: "WRONG_USE",
            message: `"back" cannot have ${count} replicas: from 1 to 10000.`,
          });
        }
      });

      test("of two that change the app at once the second waits; one that may not is told who is at it", async () => {
        const begun = Promise.withResolvers<void>();
        const progress = { step: () => begun.resolve(), note() {} };
        const first = runner.scale(app, "back", 3, { ...context, progress });
        await Promise.race([begun.promise, first]);
        const [impatient, patient] = await Promise.allSettled([
          other.scale(app, "back", 4, { ...context, waitMs: 0 }),
          other.scale(app, "back", 2, context),
        ]);
        await first;
        expect(impatient).toMatchObject({
          status: "rejected",
          reason: {
            code: "RUNNER_FAILED",
            message: expect.stringMatching(
              /is being changed by another command: scale .*process \d+.*Nothing was changed/,
            ),
          },
        });
        expect(patient.status).toBe("fulfilled");
        const { services } = await runner.status(app, context);
        expect(services.find(({ name }) => name === "back")?.replicas).toHaveLength(2);
      });

      test("apply puts the declared number back", async () => {
        const { status } = await runner.apply(program, context);
        expect(status.services.find((one) => one.name === "back")?.replicas).toHaveLength(2);
        expect((await runner.plan(program, context)).changes).toEqual([]);
      });

      test("plan of changed code names it, and changes nothing", async () => {
        const { changes } = await runner.plan(next, context);
        expect(changes.length).toBeGreaterThan(0);
        expect(await call("front", "version")).toEqual([1, 1]);
      });

      test("apply of changed code replaces every replica, and no call fails meanwhile", async () => {
        const before = await runner.status(app, context);
        const answers = await callingDuring("front", "version", () => runner.apply(next, context));
        const after = await runner.status(app, context);
        expect(after.revision).not.toBe(before.revision);
        expect(states(after)).toEqual(["ready"]);
        const [was, is] = [before, after].map((one) => one.services.find(({ name }) => name === "front")?.endpoint);
        if (suite.endpointsMove) expect(is).toEqual(expect.stringMatching(/^http:/));
        else expect(is).toBe(was);
        expect(await call("front", "version")).toEqual([2, 2]);
        expect(answers.length).toBeGreaterThan(0);
        expect((await runner.plan(next, context)).changes).toEqual([]);
      });

      test("delete leaves nothing, and may be said again", async () => {
        expect(await runner.delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
        expect(await other.status(app, context)).toEqual({ app, runner: name, revision: null, services: [] });
        expect((await other.list(context)).filter((one) => one.app === app)).toEqual([]);
        expect(await other.delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
      });

      test("a replica that is to end while it starts is told so, waited for, and disposed of", async () => {
        const stopped = new AbortController();
        const applied = runner.apply(late, { ...context, signal: stopped.signal }).then(
          () => "ready",
          () => "interrupted",
        );
        const lines: string[] = [];
        let deleted: Promise<unknown> | undefined;
        await eventually(async () => {
          try {
            for await (const { line } of other.logs(app, { service: "late", follow: true }, context)) {
              lines.push(line);
              if (line === "late: disposed of") return true;
              if (line !== "late: starts") continue;
              stopped.abort(new HadronError("CANCELLED", "The command was stopped."));
              // What an interrupted apply leaves is ended by delete.
              deleted = applied.then(() => runner.delete(app, { data: true }, context));
            }
          } catch {
            // There is nothing of it yet.
          }
          return undefined;
        });
        expect(lines).toContain("late: CANCELLED");
        expect(await deleted).toMatchObject({ left: [] });
        expect(await applied).toBe("interrupted");
      });

      test.skipIf(suite.keepsData === false)(
        "delete keeps what was stored, and says what; the next apply finds it, and only with data it goes",
        async () => {
          const write = () => call("book", "book", { line: "one" });
          await runner.apply(notes, context);
          expect(await write()).toBe("one\n");
          const { left, kept } = await other.delete(app, { data: false }, context);
          expect(left).toEqual([]);
          expect(kept.map(({ service }) => service)).toEqual(["notes", "notes"]);
          for (const { bytes } of kept) expect(bytes ?? 0).toBeGreaterThanOrEqual(0);
          expect((await runner.status(app, context)).services).toEqual([]);
          const names = (all: typeof kept) => all.map(({ kind, name }) => `${kind} ${name}`);
          const again = await runner.delete(app, { data: false }, context);
          expect([again.left, names(again.kept)]).toEqual([[], names(kept)]);
          expect(names(await other.data(app, context))).toEqual(names(kept));

          await runner.apply(notes, context);
          expect(await write()).toBe("one\none\n");
          expect(await other.delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
          expect(await runner.data(app, context)).toEqual([]);
          await runner.apply(notes, context);
          expect(await write()).toBe("one\n");
          expect(await other.delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
        },
      );
    },
  );
}
