import { service } from "@hadron/core";
import { expect, test } from "vitest";
import { enter, FakeRunner, type Typed, type } from "./command-rig.ts";

const services = [service("hello", () => "")];
const kept = [
  { kind: "volume", name: "sample.disk.0", service: "disk", bytes: 1536 },
  { kind: "volume", name: "sample.generated", service: null, bytes: null },
];

function runnerWithData(): FakeRunner {
  const runner = new FakeRunner();
  runner.kept = kept;
  return runner;
}
const deleting = (...argv: string[]): Typed => ({ services, argv: ["delete", ...argv], runner: runnerWithData() });

test("delete keeps data, and lists it with its size", async () => {
  const { status, err, runner } = await enter(deleting());
  expect(status).toBe(0);
  expect(runner.asked).toEqual(["delete sample data=false wait=undefined"]);
  expect(err).toMatch(/Its data stays; .* delete --data removes it:\n {2}volume {2}sample\.disk\.0 +disk +1\.5 KiB\n/);
  expect(err).toMatch(/sample\.generated +size unknown/);
  const json = await enter(deleting("--json"));
  expect(JSON.parse(json.out)).toMatchObject({ left: [], kept });
});

test("delete --data asks on a screen, and removes nothing unless the answer is yes", async () => {
  for (const [stdin, status, asked] of [
    ["yes\n", 0, ["delete sample data=true wait=undefined"]],
    ["no\n", 2, []],
    ["", 2, []],
  ] as const) {
    const done = await enter({ ...deleting("--data"), stdin, screen: true });
    expect([done.status, done.runner.asked]).toEqual([status, asked]);
    expect(done.err).toContain("sample.disk.0");
    expect(done.err).toContain("Type yes to go on: ");
  }
});

test("delete --data where nobody can be asked needs --yes, and says so", async () => {
  const refused = await enter(deleting("--data"));
  expect([refused.status, refused.runner.asked]).toEqual([2, []]);
  expect(refused.err).toContain("say --yes");
  const done = await enter(deleting("--data", "--yes"));
  expect([done.status, done.runner.asked]).toEqual([0, ["delete sample data=true wait=undefined"]]);
});

test("delete --data says what it removed, of an app that was deleted before, too; and nothing where there was nothing", async () => {
  const alone = await enter(deleting("--data", "--yes"));
  expect(alone.out).toBe('Removed "sample" from local: its data (sample.disk.0, sample.generated).\n');
  const json = await enter(deleting("--data", "--yes", "--json"));
  expect(JSON.parse(json.out)).toMatchObject({ removed: [], data: kept, left: [], kept: [] });

  const runner = runnerWithData();
  const replicas = [{ name: "disk.0", state: "ready", restarts: 0, reason: null, calls: 0 }] as const;
  runner.state = { ...runner.state, services: [{ name: "disk", endpoint: null, replicas }] };
  runner.left = ["volume sample.generated: something that is not of the app uses it"];
  const some = await enter({ ...deleting("--data", "--yes"), runner });
  expect([some.status, some.out]).toEqual([
    1,
    'Removed "sample" from local: 1 service, 1 replica, and its data (sample.disk.0).\n',
  ]);

  const none = await enter({ ...deleting("--data"), runner: new FakeRunner() });
  expect(none.out).toBe('Nothing of "sample" was deployed on local.\n');
});

test("delete --data asks nothing where there is none", async () => {
  const done = await enter({ ...deleting("--data"), runner: new FakeRunner() });
  expect([done.status, done.runner.asked]).toEqual([0, ["delete sample data=true wait=undefined"]]);
});

test("a question is given up by Ctrl-C", async () => {
  const { status, stderr, own, runner } = type({ ...deleting("--data"), screen: true, stdin: null });
  await stderr.has("Type yes");
  own.emit("SIGINT", "SIGINT");
  expect(await status).toBe(130);
  expect(runner.asked).toEqual([]);
});

test("--wait says how long another's change is waited for", async () => {
  const { runner } = await enter(deleting("--wait=5m"));
  expect(runner.asked).toEqual(["delete sample data=false wait=300000"]);
  const wrong = await enter(deleting("--wait=soon"));
  expect([wrong.status, wrong.err]).toEqual([2, expect.stringContaining('--wait is "soon"')]);
});
