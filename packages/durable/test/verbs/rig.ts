import { createSystemClock, type ResourceCommand } from "@hadron/core/spi";
import { step } from "@hadron/durable";
import { LocalStore } from "../../../resources/test/local-link.ts";
import { Runs } from "../../src/owner/runs.ts";
import { withProgram } from "../../src/replay/program-of.ts";

/** Every third run fails at once. */
const program = async (n: number) => {
  console.log("not shown");
  if (n % 3 === 0) throw new Error("It is gone.");
  await step("charge", () => n);
};

/** An app with two programs, whose store has runs that have not begun. */
export async function createApp(count: number) {
  const store = new LocalStore();
  const of = new Runs(store.client(), createSystemClock(), "order");
  for (let n = 0; n < count; n++) await of.start(`order/${n}`, n);
  const type = async (
    verb: (command: ResourceCommand) => Promise<unknown>,
    words: readonly string[] = [],
    flags: Record<string, string> = {},
    { json = true } = {},
  ) => {
    const lines: string[] = [];
    const shown: string[] = [];
    const rows: (readonly string[])[] = [];
    const command: ResourceCommand = {
      app: "sample",
      resources: [],
      services: ["order", "other"].map((name) => ({
        name,
        pattern: "durable",
        root: withProgram(() => {}, program),
      })),
      cwd: "/",
      words,
      flags,
      json,
      signal: new AbortController().signal,
      clock: createSystemClock(),
      out: (line) => lines.push(line),
      err: (line) => shown.push(line),
      table: (more) => rows.push(...more),
      typed: (words) => `app ${words}`,
      input: async (word) => JSON.parse(word),
      confirm: async () => {},
      exec: () => Promise.reject(new Error("Nothing is run.")),
      keeper: async () => ({
        address: () => Promise.reject(new Error("There is no image.")),
        call: (procedure, input) =>
          procedure === "commit" ? store.server.commit(input as never) : store.server.read(input as never),
      }),
    };
    return { result: await verb(command), lines: json ? lines.map((line) => JSON.parse(line)) : lines, shown, rows };
  };
  return { store, type, runs: of };
}
