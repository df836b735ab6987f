import { describe } from "vitest";
import { testEveryExample } from "../../../../examples/test/every-example.ts";
import { skip, useNamespace } from "./cluster.ts";

const { env } = useNamespace();

describe.skipIf(skip !== undefined)(`examples on a cluster (${skip ?? "there is one"})`, () => {
  testEveryExample("kubernetes", { env, timeoutMs: 120_000 });
});
