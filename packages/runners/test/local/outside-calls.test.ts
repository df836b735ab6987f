import { Agent, request } from "node:http";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toProgram } from "../../src/suite.ts";
import { fixture, Home } from "./harness.ts";

let home: Home;
beforeEach(async () => {
  home = await Home.make();
});
afterEach(() => home[Symbol.asyncDispose]());

async function load(file: string) {
  const { back, front } = await import(fixture(file));
  return toProgram(fixture(file), "outside", [front, back]);
}

/** Calls over connections that are kept, as most clients do, and repeats nothing. */
function callOn(url: string) {
  const agent = new Agent({ keepAlive: true });
  const outcomes = { answered: 0, failed: [] as string[] };
  let on = true;
  const one = () =>
    new Promise<void>((resolve) => {
      const headers = { "content-type": "application/json" };
      const call = request(url, { agent, method: "POST", headers }, (response) => {
        let text = "";
        response.on("data", (piece) => {
          text += piece;
        });
        response.on("end", () => {
          if (text.includes("Hello, Ann!")) outcomes.answered++;
          else outcomes.failed.push(text);
          resolve();
        });
      });
      call.on("error", (error) => {
        outcomes.failed.push(error.message);
        resolve();
      });
      call.end(JSON.stringify({ jsonrpc: "2.0", method: "hello", params: ["Ann"], id: 1 }));
    });
  const callers = Promise.all(
    Array.from({ length: 8 }, async () => {
      while (on) await one();
    }),
  );
  return {
    outcomes,
    async end() {
      on = false;
      await callers;
      agent.destroy();
    },
  };
}

test("outside callers that keep their connections lose no call when every replica is replaced", async () => {
  const runner = home.runner();
  const { status } = await home.apply(runner, await load("greeter.ts"));
  const endpoint = status.services.find((one) => one.name === "front")!.endpoint!;
  const calls = callOn(endpoint);
  try {
    for (const file of ["greeter-next.ts", "greeter.ts", "greeter-next.ts", "greeter.ts"]) {
      const before = calls.outcomes.answered;
      await vi.waitUntil(() => calls.outcomes.answered > before + 50, { timeout: 20_000 });
      await home.apply(runner, await load(file));
    }
  } finally {
    await calls.end();
  }
  expect(calls.outcomes.failed).toEqual([]);
});
