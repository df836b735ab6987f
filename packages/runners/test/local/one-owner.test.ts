import { afterEach, beforeEach, expect, test } from "vitest";
import { toProgram } from "../../src/suite.ts";
import { fixture, Home } from "./harness.ts";

let home: Home;
beforeEach(async () => {
  home = await Home.make();
});
afterEach(() => home[Symbol.asyncDispose]());

const load = async (file: string) =>
  toProgram(fixture(file), "sole", [(await import(/* @vite-ignore */ fixture(file))).diary]);

test("a replica that stores is gone before the next one of its folder starts, and callers wait", async () => {
  const runner = home.runner();
  const [first, next] = await Promise.all([load("sole.ts"), load("sole-next.ts")]);
  await home.apply(runner, first);
  const held = home.call(runner, "sole", "diary", "hold", 1000);
  expect(await home.call(runner, "sole", "diary", "version")).toBe(1);
  const updating = runner.apply(next, home.context);
  const versions: number[] = [];
  let over = false;
  const calling = (async () => {
    while (!over) versions.push(await home.call(runner, "sole", "diary", "version"));
  })();
  await updating;
  over = true;
  await calling;
  expect(await held).toBe("held");
  expect(new Set(versions)).toEqual(new Set([1, 2]));
  expect(await home.call(runner, "sole", "diary", "read")).toBe("1 first\n2 alone\n");
});

test("where the next one does not start, the one before comes back to what it stored", async () => {
  const runner = home.runner();
  const [first, broken] = await Promise.all([load("sole.ts"), load("sole-broken.ts")]);
  await home.apply(runner, first);
  await expect(runner.apply(broken, home.context)).rejects.toThrow("no pen to write with");
  expect(await home.call(runner, "sole", "diary", "version")).toBe(1);
  expect(await home.call(runner, "sole", "diary", "read")).toBe("1 first\nbroken alone\n1 alone\n");
});
