import { describeRunLives, describeRunLog, describeStore } from "../../src/store/contract/suite/index.ts";
import { MemoryDriver } from "../../src/store/index.ts";

for (const describe of [describeStore, describeRunLog, describeRunLives]) {
  describe("memory", async (time) => {
    const driver = new MemoryDriver(time);
    return { driver, [Symbol.asyncDispose]: () => driver.close() };
  });
}
