/** A replica of its own process, at the host of its first argument. Says on stdout where it listens, and what it runs. */
import { TestDispatcher } from "../../../src/transport/suite/index.ts";
import { listenMux } from "./listen-mux.ts";

const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);

const dispatcher = new TestDispatcher({
  echo: ({ input }) => input,
  wait: () => {
    say("waits");
    return new Promise(() => {});
  },
  /** Computes for so many milliseconds, and lets nothing else run meanwhile. */
  block: ({ input }) => {
    const end = performance.now() + (input as number);
    while (performance.now() < end);
    return "done";
  },
});
const { address } = await listenMux(dispatcher, "tcp", process.argv[2]);
say(address);
process.stdin.resume().on("end", () => process.exit());
