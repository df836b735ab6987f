import { mkdirSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeRuntimeFolder, resolvePaths } from "../../src/local/folder/paths.ts";
import { eventually, toProgram } from "../../src/suite.ts";
import { fixture, Home } from "./harness.ts";

let home: Home;
beforeEach(async () => {
  home = await Home.make();
});
afterEach(() => home[Symbol.asyncDispose]());

async function spaced(app: string) {
  const { spaced } = await import("../fixtures/with spaces/app file.ts");
  return toProgram(fixture("with spaces/app file.ts"), app, [spaced]);
}

test("an app in a folder with spaces finds the files that it takes along", async () => {
  const runner = home.runner();
  await home.apply(runner, await spaced("spaced"));
  expect(await home.call(runner, "spaced", "spaced", "spaced")).toBe("taken along");
});

test("an app may have a name of 63 characters", async () => {
  const app = "a".repeat(63);
  const runner = home.runner();
  await home.apply(runner, await spaced(app));
  expect(await home.call(home.runner(), app, "spaced", "spaced")).toBe("taken along");
});

test("two apps run at once, and each is found by its name", async () => {
  const [one, two] = [home.runner(), home.runner()];
  await Promise.all([home.apply(one, await spaced("one")), home.apply(two, await spaced("two"))]);
  expect((await home.runner().list(home.context)).map(({ app }) => app).sort()).toEqual(["one", "two"]);
  await one.delete("one", { data: true }, home.context);
  expect((await home.runner().list(home.context)).map(({ app }) => app)).toEqual(["two"]);
});

test("the same app twice is refused, and the error names the other process and --app", async () => {
  await home.apply(home.runner(), await spaced("twice"));
  const folders = await home.left();
  await expect(home.runner().apply(await spaced("twice"), home.context)).rejects.toMatchObject({
    code: "WRONG_USE",
    message: expect.stringMatching(new RegExp(`"twice" already runs in process ${process.pid}.*--app=NAME`)),
  });
  expect(await home.left()).toEqual(folders);
});

test("an app that is ending runs no more, and the next of its name waits until it is gone", async () => {
  const first = await home.apply(home.runner(), await spaced("again"));
  let ended = false;
  const ending = first.attached![Symbol.asyncDispose]().then(() => (ended = true));
  const other = home.runner();
  expect((await other.status("again", home.context)).revision).toBeNull();
  expect(await other.list(home.context)).toEqual([]);
  expect(ended).toBe(false);
  await home.apply(other, await spaced("again"));
  expect(ended).toBe(true);
  await ending;
  expect(await home.call(home.runner(), "again", "spaced", "spaced")).toBe("taken along");
});

test("of two that start the same app at once, one has it", async () => {
  const outcomes = await Promise.allSettled([
    home.apply(home.runner(), await spaced("race")),
    home.apply(home.runner(), await spaced("race")),
  ]);
  expect(outcomes.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
  expect((await home.runner().status("race", home.context)).services[0]?.replicas[0]?.state).toBe("ready");
});

test("what a killed process left is cleared away, by whoever looks and by the next start", async () => {
  const runtime = join(home.path, "hadron");
  makeRuntimeFolder(runtime);
  const leave = async (app: string) => {
    const folder = join(runtime, ".01234567");
    mkdirSync(folder);
    symlinkSync(".01234567", join(runtime, app));
    // A socket that nobody listens on any more: closing would remove it, so its server's process must not get to that.
    const server = createServer().listen(join(folder, "control.sock"));
    await new Promise((resolve) => server.once("listening", resolve));
    symlinkSync("control.sock", join(folder, "kept"));
    await new Promise((resolve) => server.close(resolve));
  };
  await leave("stale");
  expect((await home.runner().status("stale", home.context)).revision).toBeNull();
  expect(await home.left()).toEqual([]);
  await leave("stale");
  await home.apply(home.runner(), await spaced("stale"));
  expect((await home.left()).filter((name) => name === ".01234567")).toEqual([]);
});

test("a runtime folder that others can enter is refused", () => {
  const path = join(home.path, "open");
  mkdirSync(path, { mode: 0o755 });
  expect(() => makeRuntimeFolder(path)).toThrow(/can be entered by others \(mode 755\)/);
});

test("a runtime folder whose sockets' paths would be too long is not used", () => {
  const { runtime } = resolvePaths({
    XDG_RUNTIME_DIR: `/run/${"x".repeat(90)}`,
    TMPDIR: `/var/${"y".repeat(90)}`,
    HOME: "/home/ann",
  });
  expect(runtime).toMatch(/^\/tmp\/hadron-/);
});

test("a connection to another process's app says when that ended", async () => {
  const runner = home.runner();
  await home.apply(runner, await spaced("short"));
  await using connected = await home.runner().connect("short", home.context);
  expect(connected.directory.members("spaced")).toMatchObject([{ name: "spaced.0", state: "ready" }]);
  await runner.delete("short", { data: true }, home.context);
  await eventually(() =>
    connected.directory.members("spaced").every((one) => one.state === "failed") ? true : undefined,
  );
});
