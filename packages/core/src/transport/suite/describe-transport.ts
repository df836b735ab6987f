import { afterEach, describe } from "vitest";
import { describeConnections } from "./connections.ts";
import { describeLimits } from "./limits.ts";
import { describeOutcomes } from "./outcomes.ts";
import { createSetUp, type TransportUnderTest } from "./rig.ts";
import { describeValues } from "./values.ts";

/**
 * Proves the promises of {@link Transport} for one of its implementations.
 *
 * @example
 * describeTransport("memory", async () => {
 *   const registry = new MemoryRegistry();
 *   return { transport: createMemoryTransport(registry), nowhere: "memory:nobody", listen: async (dispatcher) => … };
 * });
 */
export function describeTransport(name: string, create: () => Promise<TransportUnderTest> | TransportUnderTest): void {
  describe(`transport ${name}`, () => {
    const closers: (() => Promise<void> | void)[] = [];
    afterEach(async () => {
      for (const close of closers.splice(0).reverse()) await close();
    });
    const setUp = createSetUp(create, closers);
    describeValues(setUp);
    describeOutcomes(setUp);
    describeConnections(setUp);
    describeLimits(setUp);
  });
}
