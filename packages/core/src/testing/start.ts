import type { CaptureDefinition } from "../declare/definition.ts";
import { type AppArguments, checkOptions, splitArguments } from "../describe/app-arguments.ts";
import type { App } from "../describe/compose/app.ts";
import { compose } from "../describe/compose/compose.ts";
import { HadronError } from "../errors.ts";
import { type CaptureRecords, toRecord } from "../given/capture-record.ts";
import { AppInProcess } from "./app-in-process.ts";
import type { OwnModules } from "./modules/own-module.ts";
import type { StartedApp } from "./started-app.ts";
import { RealTestTime, type TestTime, VirtualTestTime } from "./time/test-time.ts";

export interface StartOptions {
  /** The app's name. @default "test" */
  readonly app?: string;
  /** Takes each line that a replica logs. @default drops them */
  readonly log?: (line: string) => void;
  /**
   * `"virtual"`: time stands still while anything is at work, and jumps to the next timer when all are idle and the test
   * waits for a call, or for {@link StartedApp.advance}. What happens then is the same in each run of the same seed.
   *
   * @default "real"
   */
  readonly time?: "real" | "virtual";
  /**
   * `"own"`: each replica runs the files that declare the services for itself, as a process does: their variables are its
   * own, their timers end with it, and with virtual time they find that in `Date`, `setTimeout`, `Math.random()`,
   * `crypto.randomUUID()` and the like. FAILED_PRECONDITION where that cannot be, say for services that are declared in the
   * test itself. `"shared"`: all replicas, and the test, have one.
   *
   * @default `"own"` where it can be; else `"shared"`, and {@link StartedApp.sharedBecause} says why
   */
  readonly modules?: "own" | "shared";
  /**
   * Captured values by name. One that is not said is computed, as `up` does; of a name that the app does not capture it is
   * WRONG_USE. @default all are computed
   */
  readonly captures?: Readonly<Record<string, unknown>>;
  /** What chance is drawn from, with virtual time. Without that, WRONG_USE. @default 0 */
  readonly seed?: number | string;
}

/**
 * Starts an app in this process: every replica, the real protocol, no port. `run` in the app's file does nothing when
 * the file is imported by a test, so that a test can start what it exports.
 *
 * @example
 * import { start } from "@hadron/core/testing";
 * import { histogram } from "./histogram.ts";
 *
 * test("the histogram fails when a leaf is dead", async () => {
 *   await using app = await start(histogram);
 *   app.replica("histogram-service.leaf", 3).kill();
 *   await expect(histogram()).rejects.toMatchObject({ code: "UNAVAILABLE" });
 * });
 */
export async function start(...args: AppArguments<StartOptions>): Promise<StartedApp> {
  const { stack } = new Error("Whoever starts it");
  const { services, options } = splitArguments<StartOptions>(args);
  checkOptions("start", options, {
    app: { type: "string" },
    log: { type: "function" },
    time: ["real", "virtual"],
    modules: ["own", "shared"],
    captures: { type: "object" },
    seed: { type: "number or string" },
  } satisfies Record<keyof StartOptions, unknown>);
  const composed = compose(options.app ?? "test", services);
  const time = createTime(options);
  const own = await findModules(composed, services, time, options, stack);
  const captures = await captureForTest(composed.captures, options.captures);
  const app = new AppInProcess({ app: composed, own, time, captures, log: options.log ?? (() => {}) });
  try {
    await app.started();
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

function createTime({ time = "real", seed }: StartOptions): TestTime {
  if (time === "virtual") return new VirtualTestTime(seed ?? 0);
  if (seed === undefined) return new RealTestTime();
  throw new HadronError(
    "WRONG_USE",
    `start() is given the seed ${seed}, which says nothing with the machine's own time: add time: "virtual".`,
  );
}

async function captureForTest(
  definitions: readonly CaptureDefinition[],
  given: Readonly<Record<string, unknown>> = {},
): Promise<CaptureRecords> {
  const unknown = Object.keys(given).find((name) => !definitions.some((definition) => definition.name === name));
  if (unknown !== undefined) {
    throw new HadronError(
      "WRONG_USE",
      `start() is given a value of capture("${unknown}"), which the app does not have.`,
    );
  }
  const records = definitions.map(async ({ name, isSecret, evaluate }) => {
    const value = Object.hasOwn(given, name) ? given[name] : await evaluate();
    return [name, toRecord(name, isSecret, "test", value)] as const;
  });
  return Object.fromEntries(await Promise.all(records));
}

/** The files of the app, to be run for each replica; or why they are not. */
async function findModules(
  app: App,
  services: readonly unknown[],
  time: TestTime,
  { modules }: StartOptions,
  stack: string | undefined,
): Promise<OwnModules | string> {
  if (modules === "shared") return "start was told so";
  const { findOwnModules } = await import("./modules/own-modules.ts");
  const own = await findOwnModules(app, services, time, stack);
  if (modules === "own" && typeof own === "string") {
    throw new HadronError("FAILED_PRECONDITION", `Replicas cannot have modules of their own: ${own}.`);
  }
  return own;
}
