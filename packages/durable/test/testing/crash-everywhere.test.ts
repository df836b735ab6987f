import { service } from "@hadron/core";
import { durable, hook, sleep, step } from "@hadron/durable";
import { expect, test } from "vitest";
import { crashEverywhere } from "../../src/testing/index.ts";

/** What was sent, by whom it was asked for. */
let sent: string[] = [];

const mail = service("mail", (to: string, { id }) => {
  if (!sent.includes(id)) sent.push(id);
  return to;
});

const careful = service(
  "careful",
  durable(async (to: string) => {
    await mail(to);
    const said = await Promise.race([hook<string>("said").next(), sleep("4h")]);
    return `${to} said ${said ?? "nothing"}`;
  }),
  { replicas: 2 },
);

/** It mails within a step, and does not give its key along: a crash in the middle mails twice. */
const careless = service(
  "careless",
  durable((to: string) => step("mail", () => mail(to))),
);

/** What it does depends on a variable, of which no log knows. */
let lives = 0;
const forgetful = service(
  "forgetful",
  durable(async () => {
    const name = lives++ === 0 ? "first" : "second";
    await step(name, () => 1);
    await sleep("1h");
  }),
);

test("a program that keeps to the rules passes: each commit, before and after, and second crashes", async () => {
  const { commits, crashes } = await crashEverywhere([careful, mail], async (app) => {
    sent = [];
    const one = await careful.start("ann", { id: "1" });
    await app.advance("1h");
    await one.send("said", "yes", { key: "click" });
    return [await one.result(), sent];
  });
  expect(commits[0]).toMatch(/^careful\.\d starts careful\/1, called 0$/);
  expect(commits.some((words) => words.includes("settled 0"))).toBe(true);
  expect(commits.at(-1)).toContain("ended");
  expect(crashes).toBeGreaterThan(2 * commits.length);
}, 120_000);

test("an effect without its step's key is found, and the commit named at which it happened twice", async () => {
  const scenario = async () => {
    sent = [];
    const one = await careless.start("ann", { id: "1" });
    await one.result();
    return sent.length;
  };
  await expect(crashEverywhere([careless, mail], scenario)).rejects.toThrow(
    /^With a crash before commit \d+ \(careless\.0 appends to run 1 of careless: settled 0, ended, ended\), the scenario went another way \(seed 0\)/,
  );
}, 120_000);

test("a program that does not do again what its log says is found: its run is paused", async () => {
  const scenario = async () => {
    lives = 0;
    const one = await forgetful.start(undefined, { id: "1" });
    return one.result({ timeoutMs: 7_200_000 });
  };
  await expect(crashEverywhere([forgetful], scenario)).rejects.toThrow(/The program does not do what its log says/);
}, 120_000);
