import { describe } from "vitest";
import { testStoreInPostgres } from "../../../../examples/test/store-in-postgres.ts";
import { skip } from "./engine.ts";

describe.skipIf(skip !== undefined)(
  `a store in a database, on an engine${skip === undefined ? "" : ` (${skip})`}`,
  () => {
    testStoreInPostgres("docker");
  },
);
