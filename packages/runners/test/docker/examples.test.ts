import { describe } from "vitest";
import { testEveryExample } from "../../../../examples/test/every-example.ts";
import { skip } from "./engine.ts";

describe.skipIf(skip !== undefined)(`every example on an engine${skip === undefined ? "" : ` (${skip})`}`, () => {
  testEveryExample("docker", { timeoutMs: 60_000 });
});
