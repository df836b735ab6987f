import { drive } from "../../harness-drive.ts";
import { serveSide } from "../../harness-process.ts";

/** Another system, as each of the files here wraps one. */
export interface Other {
  /** Serves `hello`, and returns where. */
  listen(): Promise<string>;
  /** Returns a function that calls it. */
  connect(address: string): Promise<(name: string) => Promise<unknown>> | ((name: string) => Promise<unknown>);
}

/** Makes a process of a bench out of it: a server or a caller. */
export function serveOther(other: Other): void {
  let call: (name: string) => Promise<unknown>;
  serveSide({
    listen: () => other.listen(),
    async connect(address: string) {
      call = await other.connect(address);
      const answer = await call("Ann");
      if (answer !== "Hello, Ann!") throw new Error(`It answered ${JSON.stringify(answer)}.`);
    },
    drive: (options) => drive(() => call("Ann"), options),
  });
}
