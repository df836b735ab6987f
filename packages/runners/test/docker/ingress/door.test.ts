import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, createServer, get, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FORM_FILE, toForm } from "../../../src/docker/names/ingress-form.ts";
import { freePort } from "../temporary-app.ts";

const main = fileURLToPath(new URL("../../../src/docker/ingress/main.ts", import.meta.url));

let folder: string;
let port: number;
let door: ChildProcess;
let lines: string[];
let waiting: { readonly text: string; readonly found: () => void }[];
let servers: { readonly [word: string]: Server };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hadron-door-"));
  port = await freePort();
  lines = [];
  waiting = [];
  servers = { one: await serve("one"), two: await serve("two") };
  await want("one");
  door = spawn(process.execPath, [main, folder], { stdio: ["ignore", "pipe", "inherit"] });
  createInterface({ input: door.stdout! }).on("line", (line) => {
    lines.push(line);
    for (const { text, found } of waiting) if (line.includes(text)) found();
  });
});

afterEach(async () => {
  if (door.exitCode === null && door.signalCode === null) {
    door.kill("SIGKILL");
    await once(door, "exit");
  }
  for (const server of Object.values(servers)) server.close().closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

/** A replica that says its word, and takes its time for `/slow`. */
async function serve(word: string): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === "/slow") slow = () => response.end(word);
    else response.end(word);
    arrived?.();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}
let slow: (() => void) | undefined;
let arrived: (() => void) | undefined;

function formOf(word: string) {
  const { port: bytes } = servers[word]!.address() as AddressInfo;
  const limits = { drainMs: 5000 } as never;
  return toForm("program", { app: "shop", service: "127.0.0.1", listen: port, target: { bytes }, limits });
}

async function want(word: string): Promise<void> {
  await writeFile(join(folder, FORM_FILE), JSON.stringify(formOf(word)));
}

async function said(text: string): Promise<void> {
  if (lines.some((line) => line.includes(text))) return;
  await new Promise<void>((found) => waiting.push({ text, found }));
}

const isReady = (word: string) => said(`"event":"ready","form":"${formOf(word).id}"`);

async function ask(path = "/", agent = new Agent()): Promise<string> {
  return await new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, agent }, async (response) => {
      resolve((await response.setEncoding("utf8").toArray()).join(""));
    }).on("error", reject);
  });
}

test("a program is replaced behind the port: callers lose nothing, new connections reach the new one, a call at work ends", async () => {
  await isReady("one");
  expect(await ask()).toBe("one");
  const came = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const atWork = ask("/slow");
  await came;

  const answers = new Map<string, number>();
  const over = new AbortController();
  const callers = Array.from({ length: 8 }, async () => {
    while (!over.signal.aborted) {
      const answer = await ask();
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  });
  await want("two");
  await isReady("two");
  expect(await ask()).toBe("two");
  over.abort();
  await Promise.all(callers);
  expect([...answers.keys()].sort()).toEqual(["one", "two"]);

  slow?.();
  expect(await atWork).toBe("one");
});

test("connections that come before there is a program, or after it died, wait for one", async () => {
  await isReady("one");
  const { pid } = JSON.parse(lines.find((line) => line.includes("ready")) ?? "{}") as { pid: number };
  process.kill(pid, "SIGKILL");
  await said("Its program ended with signal SIGKILL");
  expect(await ask()).toBe("one");
});

test("on SIGTERM it takes no more, finishes what it has, and ends", async () => {
  await isReady("one");
  const came = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const atWork = ask("/slow");
  await came;
  door.kill("SIGTERM");
  await said('"event":"draining"');
  await expect(ask()).rejects.toMatchObject({ code: "ECONNREFUSED" });
  slow?.();
  expect(await atWork).toBe("one");
  expect(await once(door, "exit")).toEqual([0, null]);
});
