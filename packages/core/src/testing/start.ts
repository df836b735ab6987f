import { serviceDefinition } from "../declare/definition.ts";
import { type Resource, resourceDefinition } from "../declare/resource.ts";
import type { AnyService } from "../declare/types.ts";
import { compose } from "../describe/compose.ts";
import { HadronError } from "../errors.ts";
import { AppInProcess } from "./app-in-process.ts";
import type { StartedApp } from "./started-app.ts";
import { RealTestTime, type TestTime, VirtualTestTime } from "./test-time.ts";

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
export async function start(
  ...args: readonly [...(AnyService | Resource)[], StartOptions] | readonly (AnyService | Resource)[]
): Promise<StartedApp> {
  const last = args.at(-1);
  const isDeclared = serviceDefinition(last) !== undefined || resourceDefinition(last) !== undefined;
  const options = last === undefined || isDeclared ? {} : (last as StartOptions);
  const services = args.filter((given) => given !== options);
  const app = new AppInProcess(
    compose(options.app ?? "test", services),
    createTime(options),
    options.log ?? (() => {}),
  );
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
