import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { appFile, Shell } from "./shell.ts";

let shell: Shell;
beforeEach(() => {
  shell = new Shell();
});
afterEach(() => shell[Symbol.asyncDispose]());

test("a stand-in runs where no containers do; handlers, scripts and outside callers reach it", {
  timeout: 60_000,
}, async () => {
  const app = appFile("stands-in");
  const up = shell.type([app]);
  await up.says("err", "End it:");
  const said = "said by a stand-in in its own process";
  expect(await shell.run([app, "call", "reader"])).toEqual({ status: 0, out: `"${said}"\n`, err: "" });
  expect(await shell.run([appFile("asks-address")])).toEqual({ status: 0, out: `${said}\n`, err: "" });
  const port = Number(/speaker {2}\S*:(\d+)/.exec(up.out)?.[1]);
  expect(await text(connect(port, "127.0.0.1"))).toBe(said);
  up.signal("SIGINT");
  expect(await up.ended).toBe(130);
  expect(shell.open()).toEqual([]);
});
