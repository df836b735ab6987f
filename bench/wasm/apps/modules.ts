/** Modules of WebAssembly as services, and the same functions in TypeScript; the driver calls them from a replica of its own. */
import { isHadronError, run, service } from "@hadron/core";
import { mapReduce } from "@hadron/patterns";
import { wasm } from "@hadron/wasm";
import { type Driven, type DriveOptions, drive, driveAdded } from "../../harness-drive.ts";
import { KIBIBYTE, SHORT } from "../inputs.ts";

const UPPERCASE = "../../../packages/wasm/test/modules/uppercase.wasm";
const MATH = "../../../packages/wasm/test/modules/math.wasm";
/** How often one part of the compute-bound work goes round. */
const TURNS = 4_000_000;
const PARTS = 16;

export const upper = service("upper", wasm(UPPERCASE));
export const script = service("script", (text: string) => text.toUpperCase());
export const late = service("late", wasm<() => void>(MATH, { start: "spin", timeoutMs: 50 }));

/** Each worker of a map-reduce is a replica; one thread in it is one worker's. */
const add = (pair: [number, number]) => (pair[0] + pair[1]) | 0;
const split = () => Array.from({ length: PARTS }, () => TURNS);
const work = (workers: number) =>
  mapReduce({ split, map: wasm<(turns: number) => number>(MATH, { start: "work", threads: 1 }), reduce: add, workers });
export const one = service("one", work(1));
export const two = service("two", work(2));

const once = async (act: () => Promise<unknown>): Promise<Driven> => {
  const startedAt = performance.now();
  await act();
  return { calls: 1, ms: performance.now() - startedAt, refused: 0 };
};

export const driver = service("driver", {
  latency: ({ of, ms }: { of: "upper" | "script"; ms: number }) => {
    const act = of === "upper" ? upper : script;
    return driveAdded(() => act(SHORT).then(() => 0), { inFlight: 1, ms });
  },
  upper: (options: DriveOptions) => drive(() => upper(KIBIBYTE), options),
  one: () => once(() => one()),
  two: () => once(() => two()),
  /** Milliseconds until a call without end has failed. */
  async late() {
    const startedAt = performance.now();
    await late().catch((error) => {
      if (!isHadronError(error) || error.code !== "DEADLINE_EXCEEDED") throw error;
    });
    return performance.now() - startedAt;
  },
});

await run(driver, upper, script, late, one, two);
