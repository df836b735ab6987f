import { afterAll, beforeAll, expect, test } from "vitest";
import { TestPostgres } from "../store/test-postgres.ts";
import { isLinearizable } from "./linearizable.ts";
import { runPostgresHistories } from "./postgres-histories.ts";

const postgres = new TestPostgres();
beforeAll(() => postgres.start(), 60_000);
afterAll(() => postgres.stop());

test("while the database server is killed under two stores: one copy of each key, one writer by token, each message done once", async () => {
  const { register, tokens, sent, done, left } = await runPostgresHistories(postgres, { steps: 80, kills: 1 });
  expect(register.length).toBeGreaterThan(200);
  expect(isLinearizable(register, 0)).toBe(true);
  expect(tokens.length).toBeGreaterThan(5);
  expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  expect([...done].sort()).toEqual([...sent].sort());
  expect(left).toBe(0);
  // A history that was tampered with is found out.
  const at = register.findLastIndex(({ label }) => label.endsWith("reads"));
  const wrong = register.map((event, index) => (index === at ? { ...event, apply: () => undefined } : event));
  expect(isLinearizable(wrong, 0)).toBe(false);
}, 300_000);
