import { MemoryDriver } from "../../src/store/index.ts";
import { describeStore } from "../../src/store/suite.ts";

describeStore("memory", async (time) => {
  const driver = new MemoryDriver(time);
  return { driver, [Symbol.asyncDispose]: () => driver.close() };
});
