import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { check } from "../../src/verbs/check.ts";
import { foresee } from "../../src/verbs/preflight.ts";
import { runs } from "../../src/verbs/runs.ts";
import { createApp } from "./rig.ts";

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
    const told = await type(runs, ["export"], { to: folder, limit: "1" }, { json: false });
    expect(told.lines).toEqual([]);
    expect(told.shown).toEqual([`Wrote 1 history to ${folder}, with the inputs and outcomes of the runs.`]);
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
    writeFileSync(join(folder, "empty", "a.jsonl.bak"), "");
    await expect(type(check, [join(folder, "empty")])).rejects.toThrow(/There is no \*\.jsonl or \*\.json in/);
    await expect(type(check, [join(folder, "nowhere")])).rejects.toThrow(/There is no file or folder/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
