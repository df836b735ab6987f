import { describeStore } from "../../src/store/contract/suite.ts";
import { MemoryDriver } from "../../src/store/index.ts";

describeStore("memory", async (time) => {
  const driver = new MemoryDriver(time);
  return { driver, [Symbol.asyncDispose]: () => driver.close() };
});
