/** The app of the tests that need real processes. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { run, service } from "@hadron/core";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** What this replica did since it was last asked. */
const done = { worked: 0, atOnce: 0, mostAtOnce: 0 };
let slowMs = 0;

export const one = service("one", {
  pid: () => process.pid,
  /** Takes a few milliseconds now and then. */
  count: async (id: number) => {
    if (id % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    return id;
  },
  /** Takes as long as `beSlow` said. */
  work: async () => {
    done.worked++;
    done.mostAtOnce = Math.max(done.mostAtOnce, ++done.atOnce);
    await new Promise((resolve) => setTimeout(resolve, slowMs));
    done.atOnce--;
  },
  beSlow: (ms: number) => {
    slowMs = ms;
  },
  /** Bytes that are in use, beside what nobody holds any more. */
  memory: () => {
    gc();
    gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
  /** What was done, counted anew from now. */
  done: () => {
    const { worked, mostAtOnce } = done;
    Object.assign(done, { worked: 0, mostAtOnce: done.atOnce });
    return { worked, mostAtOnce };
  },
});

await run(one);
