import { createMemoryTransport, MemoryRegistry } from "../../../src/transport/memory/memory.ts";
import { describeTransport } from "../../../src/transport/suite/index.ts";

describeTransport("memory", () => {
  const registry = new MemoryRegistry();
  return {
    transport: createMemoryTransport(registry),
    nowhere: "memory:nobody",
    listen: async (dispatcher) => {
      const endpoint = registry.listen("echo.0", dispatcher);
      return { address: "memory:echo.0", goaway: () => endpoint.goaway(), close: () => endpoint.close() };
    },
  };
});
