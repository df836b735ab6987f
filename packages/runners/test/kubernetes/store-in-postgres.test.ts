import { describe } from "vitest";
import { testStoreInPostgres } from "../../../../examples/test/store-in-postgres.ts";
import { skip, useNamespace } from "./cluster.ts";

const { env } = useNamespace();

describe.skipIf(skip !== undefined)(`a store in a database, on a cluster (${skip ?? "there is one"})`, () => {
  testStoreInPostgres("kubernetes", env);
});
