import { afterAll, beforeAll, expect, test } from "vitest";
import { TestPostgres } from "../store/test-postgres.ts";
import { isLinearizable } from "./linearizable.ts";
import { runPostgresHistories } from "./postgres-histories.ts";

const ROUNDS = 40;

const postgres = new TestPostgres();
beforeAll(() => postgres.start(), 60_000);
afterAll(() => postgres.stop());

test("scores of kills of the database server under two stores: none of it tells", { timeout: 3_600_000 }, async () => {
  for (let round = 1; round <= ROUNDS; round++) {
    const { register, tokens, sent, done, left } = await runPostgresHistories(postgres, { steps: 160, kills: 3 });
    expect(isLinearizable(register, 0), `round ${round}`).toBe(true);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    expect([[...done].sort(), left]).toEqual([[...sent].sort(), 0]);
  }
});
