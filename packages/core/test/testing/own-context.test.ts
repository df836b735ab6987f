import { AsyncLocalStorage } from "node:async_hooks";
import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";

test("what a caller keeps in an AsyncLocalStorage does not reach a handler, nor the next; it is the caller's afterwards", async () => {
  const store = new AsyncLocalStorage<string>();
  const inner = service("inner", () => store.getStore() ?? "nothing");
  const outer = service("outer", async () => {
    const first = store.getStore() ?? "nothing";
    return store.run("the handler's", async () => [first, await inner(), store.getStore()]);
  });
  await using app = await start(outer, inner);
  await store.run("the test's", async () => {
    // A connection that another context opened, too.
    for (const context of ["the test's", "another"]) {
      const answer = await store.run(context, async () => [await outer(), store.getStore()]);
      expect(answer).toEqual([["nothing", "nothing", "the handler's"], context]);
    }
    app.replica(outer).slow(5);
    expect(await outer()).toEqual(["nothing", "nothing", "the handler's"]);
  });
});
