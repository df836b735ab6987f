import { isHadronError } from "@hadron/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { HostedModule, prepareModule } from "../src/host/index.ts";
import { bytesOf } from "./at.ts";
import { checkHeld, growAll, load, mutants, shapes } from "./fuzz-modules.ts";

const GRANT = { memoryMiB: 4, outputBytes: 10_000, threads: 1, net: [], random: false, clock: false, admin: false };
const CALL = { start: "_start", arguments: [], bytes: Buffer.from("a text"), headers: [], args: ["it"], env: {} };

function call(hosted: HostedModule) {
  const signal = new AbortController().signal;
  return hosted.call({ ...CALL, signal, said: () => {}, answer: async () => ({}) });
}

async function host(bytes: Uint8Array, timeoutMs: number): Promise<HostedModule> {
  const module = await prepareModule({ label: "fuzzed", bytes, memoryMiB: 4, linked: async () => undefined });
  return new HostedModule(module, { ...GRANT, timeoutMs });
}

test("thousands of mutants are refused, or held to their limits", () => {
  const property = fc.property(mutants, (bytes) => {
    const loaded = load(bytes);
    if (loaded !== undefined) checkHeld(bytes, loaded);
  });
  fc.assert(property, { numRuns: 60_000 });
  const grown = fc.property(shapes, (bytes) => {
    const loaded = load(bytes, "size");
    if (loaded === undefined) return;
    checkHeld(bytes, loaded);
    expect(growAll(loaded)).toBeLessThanOrEqual(8);
  });
  fc.assert(grown, { numRuns: 20_000 });
});

test("a mutant that runs ends with an answer or an error of the product's, and others notice nothing", async () => {
  const healthy = await host(bytesOf("uppercase"), 30_000);
  const codes = ["INVALID_INPUT", "HANDLER_FAILED", "DEADLINE_EXCEEDED", "TOO_LARGE", "PERMISSION_DENIED"];
  let ran = 0;
  const property = fc.asyncProperty(mutants, async (bytes) => {
    let hosted: HostedModule | undefined;
    try {
      hosted = await host(bytes, 300);
      ran++;
      await call(hosted);
    } catch (error) {
      if (!isHadronError(error) || !codes.includes(error.code)) throw error;
    } finally {
      await hosted?.close();
    }
  });
  await fc.assert(property, { numRuns: 1500 });
  expect(ran).toBeGreaterThan(20);
  expect(Buffer.from((await call(healthy)).bytes).toString()).toBe("A TEXT");
  await healthy.close();
});
