/** The app of the tests that need real processes. */
import { run, service } from "@hadron/core";

export const one = service("one", {
  pid: () => process.pid,
  /** Takes a few milliseconds now and then. */
  count: async (id: number) => {
    if (id % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    return id;
  },
});

await run(one);
