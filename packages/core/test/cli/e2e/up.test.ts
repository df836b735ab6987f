import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { appFile, root, Shell } from "./shell.ts";

let shell: Shell;
beforeEach(() => {
  shell = new Shell();
});
afterEach(() => shell[Symbol.asyncDispose]());

const talks = appFile("talks");

// A dozen commands one after the other: on a busy machine that takes its time.
test("what up started is found, called, shown and deleted by other commands", { timeout: 120_000 }, async () => {
  const up = shell.type([talks]);
  await up.says("err", "End it:");
  await up.says("out", "\n");
  expect(up.out).toMatch(/^talker {2}http:\/\/127\.0\.0\.1:\d+\n$/);
  expect(up.err).toContain("Call it:    npx tsx client.ts talker echo\n");

  expect(await shell.run(["client.ts", "talker", "echo", '{"a":1}'])).toEqual({ status: 0, out: '{"a":1}\n', err: "" });
  const endpoint = up.out.trim().split(/\s+/)[1]!;
  expect((await shell.run(["client.ts", "--url", endpoint, "talker", "echo", "[7]"])).out).toBe("[7]\n");
  const listed = JSON.parse((await shell.run(["client.ts", "--json"])).out);
  expect(listed).toEqual({
    services: [
      { app: "talks", runner: "local", service: "talker", procedures: ["echo", "say", "fail", "hang"], endpoint },
    ],
  });

  // Called by the app file, too: it finds what runs, and starts nothing.
  expect((await shell.run([talks, "call", "say", '"well, well"'])).out).toBe("null\n");
  await up.says("err", "well, well loud=true");
  expect(up.err).toMatch(/^talker\.0 \| \d\d:\d\d:\d\d\.\d{3} info {2}well, well loud=true/m);
  expect(up.err).toContain("talker.0 | this service talks when it starts\n");

  const status = JSON.parse((await shell.run([talks, "status", "--json"])).out);
  expect(status).toMatchObject({ app: "talks", runner: "local", revision: expect.any(String) });
  expect(status.services[0].replicas[0]).toEqual({
    name: "talker.0",
    state: "ready",
    restarts: 0,
    reason: null,
    calls: 3,
  });
  const logs = (await shell.run([talks, "logs", "--json"])).out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(Object.keys(logs[0])).toEqual(["time", "service", "replica", "line"]);
  expect(JSON.parse((await shell.run([talks, "plan", "--json"])).out)).toEqual({ changes: [] });

  const deleted = await shell.run([talks, "delete"]);
  expect([deleted.status, deleted.err]).toEqual([0, ""]);
  expect(await up.ended).toBe(0);
  expect(shell.open()).toEqual([]);
});

test("one service in two apps is listed and called only by name of the app", { timeout: 60_000 }, async () => {
  const ups = [shell.type([talks]), shell.type([talks, "--app=007"])];
  await Promise.all(ups.map((up) => up.says("err", "End it:")));
  const { status, out, err } = await shell.run(["client.ts", "talker", "echo", "1"]);
  expect([status, out]).toEqual([2, ""]);
  expect(err).toMatch(/"talker" runs in 2 apps; say which:\n(.*--app=(talks|007) .*\n){2}/);
  expect((await shell.run(["client.ts", "--app=007", "talker", "echo", "1"])).out).toBe("1\n");
  expect((await shell.run(["client.ts", "talkr"])).err).toContain(
    'There is no service "talkr". Did you mean "talker"?',
  );
  ups[0]!.signal("SIGINT");
  expect(await ups[0]!.ended).toBe(130);
  ups[1]!.signal("SIGTERM");
  expect(await ups[1]!.ended).toBe(143);
  expect(shell.open()).toEqual([]);
});

test("where what started it is killed, it ends by itself", async () => {
  // As pnpm installs it: a shell that waits for tsx. A signal to it reaches nothing else.
  const up = shell.type([talks], { command: [join(root, "node_modules/.bin/tsx")] });
  await up.says("err", "End it:");
  // Only the outermost process, as `kill` of a script's $! does. Those below it are told nothing.
  up.child.kill("SIGKILL");
  await up.says("err", "What started this command has gone; stopping.");
  await expect.poll(() => shell.open(), { timeout: 10_000 }).toEqual([]);
});

test("with --json prints the status as one line, and nothing else", async () => {
  const up = shell.type([talks, "up", "--json"]);
  await up.says("out", "\n");
  expect(JSON.parse(up.out)).toMatchObject({ app: "talks", services: [{ name: "talker" }] });
  up.signal("SIGTERM");
  expect(await up.ended).toBe(143);
  expect([up.err, up.out.split("\n").length]).toEqual(["", 2]);
});

test("a reader of logs that goes away ends them quietly", async () => {
  const up = shell.type([talks]);
  await up.says("err", "End it:");
  const logs = shell.type([talks, "logs", "--follow"]);
  await logs.says("out", "this service talks");
  logs.child.stdout!.destroy();
  await shell.run(["client.ts", "talker", "say", '"into the void"']);
  expect(await logs.ended).toBe(0);
  expect(logs.err).toBe("");
});
