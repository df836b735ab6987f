import type { Address } from "@hadron/core";
import { openHost } from "@hadron/core/cli/shared";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPortTunnel } from "../../src/docker/connect/tunnel.ts";
import { createRunner } from "../../src/docker/index.ts";
import { listLeft, openTestEngine, quiet, skip, uniqueApp } from "./engine.ts";
import { createTemporaryApp, type TemporaryApp } from "./temporary-app.ts";

const app = uniqueApp("images");
const runner = createRunner({ flags: {}, explicitApp: false, env: process.env });
const base = JSON.stringify(process.env.HADRON_BASE_IMAGE ?? "node:24-slim");

/** Serves two ports: what it stores on one, what it was given on the other; both a while after its start. */
const server = `
const { appendFileSync, readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const given = () => JSON.stringify({
  user: [process.getuid(), process.getgid()],
  made: process.env.MADE,
  asFile: readFileSync("/run/secrets/MADE", "utf8"),
  args: process.argv.slice(1),
});
console.log("image starts");
setTimeout(() => {
  createServer((_, response) => {
    appendFileSync("/data/visits", "x");
    response.end(readFileSync("/data/visits"));
  }).listen(6001);
  createServer((request, response) => {
    response.statusCode = request.url === "/broken" ? 500 : 200;
    response.end(given());
  }).listen(6002, () => console.log("image is up"));
}, 700);
`;
const source = (word: string) => `
const options = { ports: { visits: 6001, given: 6002 }, user: { uid: 4321 }, generated: ["MADE"],
  command: ["node", "-e", ${JSON.stringify(server)}], capacity: { memoryMiB: 96 } };
export const store = service("store", image(${base}, { ...options, storage: { path: "/data" }, args: [${JSON.stringify(word)}],
  ready: { http: { port: "given", path: "/ok" } } }));
const quick = { ...options, storage: { path: "/data" } };
export const tcp = service("by.tcp", image(${base}, { ...quick, ready: { tcp: "visits" } }));
export const log = service("by.log", image(${base}, { ...quick, ready: { log: "^image is (up|down)$" } }));
export const command = service("by.command", image(${base}, { ...quick,
  ready: { command: ["node", "-e", "fetch('http://127.0.0.1:6002').then(() => process.exit(0), () => process.exit(1))"] } }));
export const asker = service("asker", {
  ask: async ({ host, port }: { host: string; port: number }) => (await fetch("http://" + host + ":" + port)).text(),
  made: () => process.env.MADE,
  where: async (port: string) => await (port === "" ? tcp.address() : tcp.address(port)),
}, { generated: ["MADE"], capacity: { memoryMiB: 128 } });
export const stranger = service("stranger", { made: () => process.env.MADE ?? null }, { capacity: { memoryMiB: 128 } });
`;
const names = ["store", "tcp", "log", "command", "asker", "stranger"];

describe.skipIf(skip !== undefined)(
  `images on an engine${skip === undefined ? "" : ` (${skip})`}`,
  { timeout: 120_000 },
  () => {
    let file: TemporaryApp;
    let made: string;
    beforeAll(async () => {
      file = await createTemporaryApp(app);
      await runner.apply(await file.write(source("one"), names), quiet);
      made = (await call("asker", "made")) as string;
    }, 120_000);
    afterAll(async () => {
      await runner.delete(app, { data: true }, quiet);
      await file[Symbol.asyncDispose]();
    }, 60_000);

    async function call(service: string, procedure: string, input?: unknown): Promise<unknown> {
      await using connected = await runner.connect(app, quiet);
      const host = await openHost(app, connected.directory, connected.address);
      try {
        return await host.call(service, procedure, input, { timeoutMs: 20_000 });
      } finally {
        host.close();
      }
    }
    const given = async (host: string) => JSON.parse((await call("asker", "ask", { host, port: 6002 })) as string);

    test("are ready when what they declare says so: every port answers as soon as up returns", async () => {
      await runner.delete(app, { data: false }, quiet);
      await runner.apply(await file.write(source("one"), names), quiet);
      const answers = await Promise.all(["store", "by.tcp", "by.log", "by-command"].map(given));
      expect(answers).toHaveLength(4);
      expect(await call("asker", "made")).toBe(made);
    });

    test("run their command with their arguments, as their user, and are found by their name with dashes, too", async () => {
      expect(await given("store")).toMatchObject({ user: [4321, 4321], args: ["one"] });
      expect(await given("by-tcp")).toMatchObject({ user: [4321, 4321], args: [] });
    });

    test("say where their ports are: to the app by their name, to this machine by a way of its own, also through an engine alone", async () => {
      expect(await call("asker", "where", "")).toEqual({ host: "by.tcp", port: 6001 });
      const inside = (await call("asker", "where", "given")) as Address;
      expect(inside).toEqual({ host: "by.tcp", port: 6002 });
      expect(JSON.parse((await call("asker", "ask", inside)) as string)).toMatchObject({ user: [4321, 4321] });

      const read = async ({ host, port }: Address) => (await fetch(`http://${host}:${port}`)).json();
      await using connected = await runner.connect(app, quiet);
      const host = await openHost(app, connected.directory, connected.address);
      expect(await read(await host.address("by.tcp", { name: "given", number: 6002 }))).toMatchObject({ made });
      host.close();

      await using engine = await openTestEngine();
      const { Id } = await engine.get<{ Id: string }>(`/containers/${app}.asker.0/json`);
      await using tunnel = await openPortTunnel(engine, Id, inside);
      expect(await read({ host: "127.0.0.1", port: tunnel.port })).toMatchObject({ made });
    });

    test("share a generated secret with those who name it, as variable and file, and nobody else has it", async () => {
      expect(made).toMatch(/^[\w-]{32}$/);
      expect(await given("store")).toMatchObject({ made, asFile: made });
      expect(await call("stranger", "made")).toBeNull();
    });

    test("a generated secret is the same in every later up, and in no plan, label, description, log or export", async () => {
      const next = await file.write(source("two"), names);
      const plan = await runner.plan(next, quiet);
      expect(plan.changes.map(({ name }) => name)).toContain(`${app}.store.0`);
      await runner.apply(next, quiet);
      expect(await given("store")).toMatchObject({ made, args: ["two"] });
      expect((await runner.plan(next, quiet)).changes).toEqual([]);
      await using engine = await openTestEngine();
      const query = { all: true, filters: JSON.stringify({ label: [`dev.hadron.app=${app}`] }) };
      const seen = [
        plan,
        next.topology,
        await engine.get("/containers/json", { query }),
        await engine.get("/volumes", { query: { filters: query.filters } }),
        await Array.fromAsync(runner.logs(app, { service: undefined, follow: false }, quiet)),
        await runner.status(app, quiet),
        await runner.export(next, quiet),
      ];
      for (const text of seen.map((part) => JSON.stringify(part))) expect(text).not.toContain(made);
      expect(await runner.export(next, quiet)).toMatch(/^ +- MADE$/m);
    });

    test("D7: what one replica stores has one owner at a time: its successor starts when it has ended", async () => {
      await call("asker", "ask", { host: "store", port: 6001 });
      await using engine = await openTestEngine();
      const filters = JSON.stringify({
        type: ["container"],
        label: [`dev.hadron.service=store`, `dev.hadron.app=${app}`],
      });
      const over = new AbortController();
      const events = await engine.stream("/events", { query: { filters }, signal: over.signal });
      const seen: string[] = [];
      events.setEncoding("utf8").on("data", (text: string) => {
        for (const line of text.split("\n").filter(Boolean)) {
          const { Action, Actor } = JSON.parse(line) as { Action: string; Actor: { ID: string } };
          if (Action === "start" || Action === "die") seen.push(`${Action} ${Actor.ID}`);
        }
      });
      events.on("error", () => {});
      await runner.apply(await file.write(source("three"), names), quiet);
      over.abort();
      expect(seen.map((event) => event.split(" ")[0])).toEqual(["die", "start"]);
      expect(seen[0]?.split(" ")[1]).not.toBe(seen[1]?.split(" ")[1]);
      expect(await call("asker", "ask", { host: "store", port: 6001 })).toMatch(/^xx+$/);
    });

    test("an image is scaled from what was deployed; one that stores alone is not", async () => {
      await runner.scale(app, "stranger", 2, quiet);
      await expect(runner.scale(app, "store", 2, quiet)).rejects.toMatchObject({ code: "WRONG_USE" });
      const { services } = await runner.status(app, quiet);
      expect(services.find(({ name }) => name === "stranger")?.replicas.map(({ state }) => state)).toEqual([
        "ready",
        "ready",
      ]);
      expect((await runner.plan(await file.write(source("three"), names), quiet)).changes).toEqual([
        { action: "delete", kind: "container", name: `${app}.stranger.1`, because: "more replicas than declared" },
      ]);
    });

    test("generated secrets are data: delete tells them, and they go with the data", async () => {
      const { left, kept } = await runner.delete(app, { data: false }, quiet);
      expect(left).toEqual([]);
      expect(kept.map(({ name }) => name)).toContain(`${app}.generated`);
      expect(await runner.delete(app, { data: true }, quiet)).toEqual({ left: [], kept: [] });
      expect(await listLeft(app)).toEqual([]);
    });
  },
);
