import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock, type ResourceCommand } from "@hadron/core/spi";
import { step } from "@hadron/durable";
import { expect, test } from "vitest";
import { LocalStore } from "../../../resources/test/local-link.ts";
import { Runs } from "../../src/owner/runs.ts";
import { withProgram } from "../../src/replay/program-of.ts";
import { check } from "../../src/verbs/check.ts";
import { foresee } from "../../src/verbs/preflight.ts";
import { runs } from "../../src/verbs/runs.ts";

/** Every third run fails at once. */
const program = async (n: number) => {
  console.log("not shown");
  if (n % 3 === 0) throw new Error("It is gone.");
  await step("charge", () => n);
};

/** An app with two programs, whose store has runs that have not begun. */
async function createApp(count: number) {
  const store = new LocalStore();
  const of = new Runs(store.client(), createSystemClock(), "order");
  for (let n = 0; n < count; n++) await of.start(`order/${n}`, n);
  const type = async (
    verb: (command: ResourceCommand) => Promise<unknown>,
    words: readonly string[] = [],
    flags: Record<string, string> = {},
  ) => {
    const lines: string[] = [];
    const shown: string[] = [];
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
      json: true,
      signal: new AbortController().signal,
      clock: createSystemClock(),
      out: (line) => lines.push(line),
      err: (line) => shown.push(line),
      table: () => {},
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
    return { result: await verb(command), lines: lines.map((line) => JSON.parse(line)), shown };
  };
  return { store, type };
}

test("of many open runs a plan tries a hundred, early and late ones alike, and says so; check tries all", async () => {
  const { store, type } = await createApp(150);
  await using _ = store;
  const foreseen = (await type(foresee)).result as Awaited<ReturnType<typeof foresee>>;
  const facts = (foreseen?.facts as { differ: { from: string }[]; match: number }[] | undefined)?.[0];
  expect(facts).toMatchObject({ program: "order", open: 150, paused: 0, tried: 100 });
  const numbers = facts!.differ.map(({ from }) => Number(from.slice("order/".length)));
  expect(numbers.every((n) => n % 3 === 0)).toBe(true);
  expect(Math.min(...numbers)).toBeLessThan(30);
  expect(Math.max(...numbers)).toBeGreaterThan(120);
  expect(foreseen?.lines).toEqual([
    `order: 150 runs are open; 100 were tried, ${facts!.match} match this code, ${numbers.length} do not.`,
  ]);
  expect(foreseen?.warnings[0]).toContain(`Of 100 open runs that were tried, ${numbers.length} of order do not match`);

  const checked = await type(check);
  expect(checked.result).toBe(1);
  expect(checked.lines[0].programs).toMatchObject([
    { program: "order", tried: 150, match: 100 },
    { program: "other", tried: 0, match: 0, differ: [] },
  ]);
  const few = await type(check, [], { limit: "3", program: "order" });
  expect(few.lines[0].programs).toMatchObject([{ tried: 3 }]);
  expect(few.shown[0]).toBe("3 of 150 open runs of order were tried.");
});

test("an app without open runs has nothing to say in a plan", async () => {
  const { store, type } = await createApp(0);
  await using _ = store;
  expect((await type(foresee)).result).toBeUndefined();
});

test("files are histories of the program that their folder names, or that is said; one that is none is refused by its name", async () => {
  const { store, type } = await createApp(3);
  await using _ = store;
  const folder = mkdtempSync(join(tmpdir(), "histories-"));
  try {
    const exported = await type(runs, ["export"], { to: folder });
    expect(exported.lines[0].histories).toHaveLength(3);
    const checked = await type(check, [folder]);
    expect(checked.result).toBe(1);
    expect(checked.lines[0].programs).toMatchObject([
      {
        program: "order",
        tried: 3,
        match: 2,
        differ: [{ from: expect.stringMatching(/\/order\/order-0-\w+\.jsonl$/), event: 1, expected: "no end" }],
      },
      { program: "other", tried: 0 },
    ]);
    const [file] = exported.lines[0].histories;
    expect((await type(check, [file], { program: "other" })).lines[0].programs).toMatchObject([
      { program: "other", tried: 1 },
    ]);
    const loose = join(folder, "loose.json");
    writeFileSync(loose, JSON.stringify([{ n: 0, at: new Date(0), type: "started", input: 1 }]));
    await expect(type(check, [loose])).rejects.toMatchObject({ code: "WRONG_USE" });
    expect((await type(check, [loose], { program: "order" })).result).toBe(0);
    writeFileSync(loose, "[");
    await expect(type(check, [loose], { program: "order" })).rejects.toThrow(/loose\.json is no history of a run/);
    mkdirSync(join(folder, "empty"));
    await expect(type(check, [join(folder, "empty")])).rejects.toThrow(/There is no \*\.jsonl or \*\.json in/);
    await expect(type(check, [join(folder, "nowhere")])).rejects.toThrow(/There is no file or folder/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
