import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { Shell } from "../../../core/test/cli/e2e/shell.ts";

const file = (version: string) => resolve(import.meta.dirname, `apps/orders/${version}.ts`);

test("plan and check tell which open runs do not match changed code; up warns, such a run is paused with its diff, and resume goes on once the code is mended", {
  timeout: 180_000,
}, async () => {
  await using shell = new Shell();
  const flags = ["--app=orders", `--data-dir=${shell.home}/data`];
  const type = (version: string, ...words: readonly string[]) => shell.run([file(version), ...words, ...flags]);
  const up = async (version: string) => {
    const typed = shell.type([file(version), "up", ...flags]);
    await Promise.all([typed.says("err", "End it:"), typed.says("out", "http:")]);
    const [, url = ""] = /^order +(http:\S+)/m.exec(typed.out) ?? [];
    return {
      said: typed.err,
      async call(method: string, params: object) {
        const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
        const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
        const { result, error } = (await answer.json()) as { result?: any; error?: object };
        if (error !== undefined) throw Object.assign(new Error(`${method} failed`), error);
        return result;
      },
      async stop() {
        typed.signal("SIGINT");
        await typed.ended;
      },
    };
  };
  const difference = {
    event: 1,
    expected: 'step "charge"',
    came: 'step "reserve"',
    file: file("changed"),
    line: 8,
    column: expect.any(Number),
    message: expect.stringContaining("does not do what its log says"),
  };

  const old = await up("old");
  expect(old.said).not.toContain("match this code");
  for (const id of ["order/1", "order/2"]) await old.call("start", { input: "a book", id });
  for (const id of ["order/1", "order/2"]) {
    await expect
      .poll(async () => (await old.call("status", { id })).awaited[0]?.kind, { timeout: 60_000 })
      .toBe("next");
  }
  const histories = `${shell.home}/histories`;
  expect(await type("old", "runs", "export", `--to=${histories}`)).toMatchObject({ status: 0 });
  expect(readdirSync(`${histories}/order`)).toHaveLength(2);
  const planned = await type("changed", "plan", "--json");
  const ids = ["order/2", "order/1"];
  expect(JSON.parse(planned.out).runs).toEqual([
    { program: "order", open: 2, paused: 0, tried: 2, match: 0, differ: ids.map((from) => ({ from, ...difference })) },
  ]);
  await old.stop();

  const checked = await type("changed", "check", histories);
  expect(checked.status).toBe(1);
  expect(checked.out).toMatch(/^order +2 +0 +2$/m);
  expect(checked.out).toMatch(
    /order-1-\w+\.jsonl, event 1\n {2}- step "charge"\n {2}\+ step "reserve" {2}\S*changed\.ts:8:\d+$/m,
  );

  const changed = await up("changed");
  expect(changed.said).toMatch(/2 of 2 open runs of order do not match this code/);
  expect(changed.said).toMatch(
    /To see why: npx tsx \S+changed\.ts check --program=order --app=orders --data-dir=\S+\n/,
  );
  await changed.call("send", { id: "order/1", hook: "said", value: "yes" });
  await expect
    .poll(() => changed.call("status", { id: "order/1" }), { timeout: 60_000 })
    .toMatchObject({
      state: "paused",
      because: expect.stringMatching(/the log has step "charge", the program came to step "reserve" \(/),
    });
  await changed.stop();

  // Nothing runs now: the command looks at what the app kept.
  const again = await type("mended", "plan");
  expect(again.out).toContain("order: 2 runs are open, 1 of them paused; 2 match this code, 0 do not.");
  const mended = await up("mended");
  await mended.call("resume", { id: "order/1" });
  expect(await mended.call("result", { id: "order/1" })).toEqual({ paid: "paid a book", said: "yes" });
  await mended.stop();
});
