import * as fc from "fast-check";
import { hook, random, sleep, step } from "../../src/index.ts";

/** A random program, as data. */
export type Node =
  | {
      readonly kind: "step";
      readonly name: string;
      readonly ms: number;
      readonly fails: boolean;
      readonly attempts: number;
    }
  | { readonly kind: "sleep"; readonly ms: number }
  | { readonly kind: "draw" }
  | { readonly kind: "micro"; readonly turns: number; readonly inner: Node }
  | { readonly kind: "hook"; readonly name: string }
  | { readonly kind: "seq" | "all" | "race" | "any" | "allSettled"; readonly parts: readonly Node[] }
  | { readonly kind: "try"; readonly part: Node; readonly caught: Node; readonly last: Node };

const NAMES = ["a", "b", "c"];

export const programs: fc.Arbitrary<Node> = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.record({
      kind: fc.constant("step" as const),
      name: fc.constantFrom(...NAMES),
      ms: fc.integer({ min: 1, max: 5000 }),
      fails: fc.boolean(),
      attempts: fc.integer({ min: 1, max: 2 }),
    }),
    fc.record({ kind: fc.constant("sleep" as const), ms: fc.integer({ min: 0, max: 5000 }) }),
    fc.record({ kind: fc.constant("draw" as const) }),
    fc.record({ kind: fc.constant("hook" as const), name: fc.constantFrom("h", "i") }),
    fc.record({ kind: fc.constant("micro" as const), turns: fc.integer({ min: 0, max: 4 }), inner: tie("node") }),
    fc.record({
      kind: fc.constantFrom("seq" as const, "all" as const, "race" as const, "any" as const, "allSettled" as const),
      parts: fc.array(tie("node"), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ kind: fc.constant("try" as const), part: tie("node"), caught: tie("node"), last: tie("node") }),
  ),
})).node;

/** What a step does outside: `wait` so long after it was called, whatever crashed meanwhile. */
export interface World {
  wait(key: string, ms: number): Promise<void>;
}

/** Runs a program, and writes down what it sees in which order. */
export async function interpret(node: Node, world: World, trace: string[]): Promise<unknown> {
  const run = (part: Node) => interpret(part, world, trace);
  const value = await interpretHere(node, world, run);
  trace.push(`${node.kind}=${JSON.stringify(value)}`);
  return value;
}

async function interpretHere(node: Node, world: World, run: (part: Node) => Promise<unknown>): Promise<unknown> {
  switch (node.kind) {
    case "step":
      return step(
        node.name,
        async ({ key }) => {
          await world.wait(key, node.ms);
          if (node.fails) throw new TypeError(`${key} failed`);
          return key;
        },
        { attempts: node.attempts, backoffMs: 1 },
      );
    case "sleep":
      return (await sleep(node.ms)) ?? "slept";
    case "draw":
      return [random(), Math.random(), crypto.randomUUID(), Date.now()];
    case "hook":
      return hook(node.name).next();
    case "micro":
      for (let turn = 0; turn < node.turns; turn++) await null;
      return run(node.inner);
    case "seq": {
      const values: unknown[] = [];
      for (const part of node.parts) values.push(await run(part));
      return values;
    }
    case "all":
      return Promise.all(node.parts.map(run));
    case "race":
      return Promise.race(node.parts.map(run));
    case "any":
      return Promise.any(node.parts.map(run));
    case "allSettled":
      return (await Promise.allSettled(node.parts.map(run))).map(({ status }) => status);
    case "try":
      try {
        return await run(node.part);
      } catch (error) {
        return [(error as Error).message, (error as Error).name, await run(node.caught)];
      } finally {
        await run(node.last);
      }
  }
}
