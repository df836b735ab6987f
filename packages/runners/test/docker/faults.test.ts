import { type AddressInfo, createServer } from "node:net";
import type { ReplicaStatus } from "@hadron/core/spi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/docker/engine/client.ts";
import { createRunner } from "../../src/docker/index.ts";
import { eventually } from "../../src/suite.ts";
import { listLeft, openTestEngine, quiet, skip, uniqueApp } from "./engine.ts";
import { callByLabel } from "./steady-load.ts";
import { createTemporaryApp, freePort, type TemporaryApp } from "./temporary-app.ts";

const app = uniqueApp("faults");
const create = (flags: Record<string, string> = {}) => createRunner({ flags, explicitApp: false, env: process.env });
const runner = create();

describe.skipIf(skip !== undefined)(
  `on a real engine${skip === undefined ? "" : ` (${skip})`}`,
  { timeout: 120_000 },
  () => {
    let engine: Engine;
    let file: TemporaryApp;
    beforeAll(async () => {
      [engine, file] = await Promise.all([openTestEngine(), createTemporaryApp(app)]);
    });
    afterAll(async () => {
      await runner.delete(app, { data: true }, quiet);
      await file[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    }, 60_000);

    const SOURCE = `
    export const echo = service("echo", { say: (text: string) => text, die: () => process.exit(7), token: () => process.env.TOKEN },
      { secrets: ["TOKEN"], expose: true, capacity: { memoryMiB: 128 }, limits: { drainMs: 1000 } });`;
    const deploy = async (source = SOURCE, token = "open sesame") => {
      const program = await file.write(source, ["echo"], { TOKEN: token });
      return { program, ...(await runner.apply(program, quiet)) };
    };
    const replica = async (): Promise<ReplicaStatus> => (await runner.status(app, quiet)).services[0]!.replicas[0]!;
    const inspect = (name = `${app}.echo.0`) =>
      engine.get<{ Id: string; State: { Pid: number; StartedAt: string }; Config: { Env: string[] } }>(
        `/containers/${name}/json`,
      );
    const call = async (procedure: string, input?: unknown) => {
      const client = await callByLabel(runner, app, "echo", procedure, input);
      try {
        return await client.call();
      } finally {
        await client.close();
      }
    };

    test("secrets are in no label and no environment, and new values reach the replicas", async () => {
      await deploy();
      expect(await call("token")).toBe("open sesame");
      expect(JSON.stringify(await inspect())).not.toContain("open sesame");
      const images = await engine.get("/images/json", {
        query: { filters: JSON.stringify({ label: [`dev.hadron.app=${app}`] }) },
      });
      expect(JSON.stringify(images)).not.toContain("open sesame");
      const { changes } = await deploy(SOURCE, "changed");
      expect(changes.map((one) => one.kind)).toContain("volume");
      expect(await call("token")).toBe("changed");
    });

    test("a replica that crashes comes back, and status tells of it", async () => {
      await deploy();
      await expect(call("die")).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await eventually(async () =>
        (await replica()).restarts === 1 && (await replica()).state === "ready" ? true : undefined,
      );
      expect(await call("say", "back")).toBe("back");
    });

    test("followed logs go on when a replica dies and comes back", async () => {
      await deploy();
      const over = new AbortController();
      const lines = runner
        .logs(app, { service: undefined, follow: true }, { ...quiet, signal: over.signal })
        [Symbol.asyncIterator]();
      const before = Date.now();
      await expect(call("die")).rejects.toMatchObject({ code: "UNAVAILABLE" });
      for (let next = await lines.next(); ; next = await lines.next()) {
        if (next.done) throw new Error("The logs ended.");
        if (next.value.line.includes('"event":"ready"') && Date.parse(next.value.time) > before) break;
      }
      over.abort();
      await lines.return?.(undefined);
    });

    test("one that was killed, removed or paused by others is put right by the next up", async () => {
      const { program } = await deploy();
      const name = `${app}.echo.0`;
      for (const meddle of [
        () => engine.post(`/containers/${name}/kill`),
        () => engine.delete(`/containers/${name}`, { query: { force: true } }),
        () => engine.post(`/containers/${name}/pause`),
      ]) {
        await meddle();
        expect((await runner.plan(program, quiet)).changes).not.toEqual([]);
        await runner.apply(program, quiet);
        expect(await call("say", "here")).toBe("here");
        expect((await runner.plan(program, quiet)).changes).toEqual([]);
      }
    });

    test("a port that is taken is told as the local runner tells it", async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      const source = `${SOURCE}
      export const door = service("door", () => 1, { expose: { port: ${port} } });`;
      const program = await file.write(source, ["echo", "door"], { TOKEN: "open sesame" });
      try {
        await expect(runner.apply(program, quiet)).rejects.toThrow(
          `exposed on port ${port} of 127.0.0.1, but another process or container has it`,
        );
      } finally {
        server.close();
      }
    });

    test("one that was killed says so in status", async () => {
      await deploy();
      await engine.post(`/containers/${app}.echo.0/kill`);
      await eventually(async () => ((await replica()).state === "failed" ? true : undefined));
      expect(await replica()).toMatchObject({ reason: "killed (exit code 137)" });
    });

    test("an image that was killed, with what it stores, says so in status, and the next up starts it again", async () => {
      const base = JSON.stringify(process.env.HADRON_BASE_IMAGE ?? "node:24-slim");
      const code = JSON.stringify('require("node:http").createServer((_, answer) => answer.end()).listen(6000)');
      const source = `${SOURCE}
      export const server = service("server", image(${base}, { ports: { http: 6000 }, ready: { tcp: "http" }, user: { uid: 1000 },
        command: ["node", "-e", ${code}], storage: { path: "/data" }, capacity: { memoryMiB: 96 } }));`;
      const program = await file.write(source, ["echo", "server"], { TOKEN: "open sesame" });
      await runner.apply(program, quiet);
      const server = async () =>
        (await runner.status(app, quiet)).services.find(({ name }) => name === "server")?.replicas[0];
      const before = (await inspect(`${app}.server.0`)).Id;
      await engine.post(`/containers/${app}.server.0/kill`);
      await eventually(async () => ((await server())?.state === "failed" ? true : undefined));
      expect(await server()).toMatchObject({ reason: "killed (exit code 137)" });
      expect((await runner.apply(program, quiet)).changes).toMatchObject([
        { action: "update", kind: "container", name: `${app}.server.0` },
      ]);
      expect(await server()).toMatchObject({ state: "ready" });
      expect((await inspect(`${app}.server.0`)).Id).toBe(before);
    });

    test("services end in turn: the ingress, callers before those whom they call, and what keeps resources last", async () => {
      const source = `
        const options = { capacity: { memoryMiB: 128 }, limits: { drainMs: 1000 } };
        const leaf = service("leaf", () => 1, options);
        const keeper = hiddenService("hadron.keeper", { keep: () => 1 }, options);
        const notes = defineResource({}, { kind: "box", name: "notes", options: {}, keeper });
        export const root = service("root", scatter(2, leaf, (replies: number[]) => replies.length), { ...options, uses: [notes], expose: { port: ${await freePort()} } });`;
      const program = await file.write(source, ["root"]);
      await createRunner({ flags: {}, explicitApp: true, env: process.env }).apply(program, quiet);
      const over = new AbortController();
      const filters = JSON.stringify({ type: ["container"], label: [`dev.hadron.app=${app}`], event: ["die"] });
      const events = await engine.stream("/events", { query: { filters }, signal: over.signal });
      const ended: string[] = [];
      events.setEncoding("utf8").on("data", (text: string) => {
        for (const line of text.split("\n").filter(Boolean)) {
          const { Actor } = JSON.parse(line) as { Actor: { Attributes: { name: string } } };
          ended.push(Actor.Attributes.name.slice(app.length + 1));
        }
      });
      events.on("error", () => {});
      expect(program.topology.resources).toMatchObject([{ keeper: "hadron.keeper" }]);
      expect(await runner.delete(app, { data: true }, quiet)).toEqual({ left: [], kept: [] });
      over.abort();
      expect([ended[0], ended[1], ended.slice(2, -1).sort(), ended.at(-1)]).toEqual([
        "root.ingress",
        "root.0",
        ["leaf.0", "leaf.1"],
        "hadron.keeper.0",
      ]);
    });

    test("one that was taken off the network says so, and is put back by up", async () => {
      const { program } = await deploy();
      await engine.post(`/networks/${app}.hadron/disconnect`, { body: { Container: `${app}.echo.0`, Force: true } });
      expect(await replica()).toMatchObject({ state: "failed", reason: expect.stringContaining("network") });
      await runner.apply(program, quiet);
      expect(await replica()).toMatchObject({ state: "ready" });
      expect(await call("say", "again")).toBe("again");
    });

    test("a replica that hangs is seen not to answer, and goes on where it was", async () => {
      await deploy();
      const { Pid } = (await inspect()).State;
      // The container's init is its first process; the replica is the child of it.
      const { Processes } = await engine.get<{ Processes: string[][]; Titles: string[] }>(
        `/containers/${app}.echo.0/top`,
        {},
      );
      const node = Processes.map((row) => Number(row[1])).find((pid) => pid !== Pid)!;
      process.kill(node, "SIGSTOP");
      expect(await replica()).toMatchObject({ state: "starting", reason: "it does not answer" });
      process.kill(node, "SIGCONT");
      await eventually(async () => ((await replica()).state === "ready" ? true : undefined));
    });

    test("an image that was removed behind our back is built again", async () => {
      const { program } = await deploy();
      const { Config } = await engine.get<{ Config: { Image: string } }>(`/containers/${app}.echo.0/json`);
      await engine.delete(`/images/${Config.Image}`, { query: { force: true } });
      expect((await runner.plan(program, quiet)).changes).toMatchObject([{ action: "create", kind: "image" }]);
      await runner.apply(program, quiet);
      expect((await runner.plan(program, quiet)).changes).toEqual([]);
    });

    test("new code that does not come up stops the roll-out: the old serves on, and its last words are told", async () => {
      await deploy();
      const bad = SOURCE.replace(
        "export const",
        'if (process.env.HADRON_SERVICE && !process.env.HADRON_CHECK) throw new Error("no database"); export const',
      );
      const applying = deploy(bad);
      await expect(applying).rejects.toMatchObject({
        code: "RUNNER_FAILED",
        message: expect.stringMatching(
          /echo\.0 refuses to start: .*before its run\(\), as replica 0 of "echo".*no database/s,
        ),
      });
      expect(await call("say", "still here")).toBe("still here");
      const { program } = await deploy();
      expect((await runner.plan(program, quiet)).changes).toEqual([]);
    });

    test("a file that declares another app each time is refused before anything is made", async () => {
      const program = await file.write('export const echo = service(["echo", process.pid].join("-"), () => 1);', [
        "echo",
      ]);
      await expect(create().apply(program, quiet)).rejects.toMatchObject({
        code: expect.stringMatching(/WRONG_USE|TOPOLOGY_MISMATCH/),
      });
      const other = { ...program, topology: { ...program.topology, app: `${app}-x` } };
      await expect(runner.apply(other, quiet)).rejects.toMatchObject({ code: "TOPOLOGY_MISMATCH" });
      expect(await listLeft(`${app}-x`)).toEqual([]);
    });

    test("somebody else's container of that name is not touched, and named", async () => {
      await runner.delete(app, { data: true }, quiet);
      const name = `${app}.echo.0`;
      const body = { Image: "node:24-slim", Cmd: ["true"] };
      const { Id } = await engine.post<{ Id: string }>("/containers/create", { query: { name }, body });
      try {
        await expect(deploy()).rejects.toMatchObject({
          code: "RUNNER_FAILED",
          message: expect.stringContaining(`"${name}" that does not belong`),
        });
        expect((await inspect()).Id).toBe(Id);
        expect(await runner.delete(app, { data: true }, quiet)).toEqual({ left: [], kept: [] });
        expect((await inspect()).Id).toBe(Id);
      } finally {
        await engine.delete(`/containers/${Id}`);
      }
    });

    test("a base image that is not there and cannot be pulled is named, with the option", async () => {
      const program = await file.write(SOURCE, ["echo"], { TOKEN: "x" });
      await expect(create({ "base-image": "127.0.0.1:1/no/base:1" }).apply(program, quiet)).rejects.toMatchObject({
        code: "RUNNER_FAILED",
        message: expect.stringMatching(/"127\.0\.0\.1:1\/no\/base:1" is not on the engine.*--base-image=IMAGE/s),
      });
    });

    test("two who deploy at once do not meet: the second waits, and finds it done", async () => {
      const program = await file.write(SOURCE, ["echo"], { TOKEN: "x" });
      const said: string[] = [];
      const context = {
        ...quiet,
        progress: { step: (subject: string, detail: string) => void said.push(`${subject} ${detail}`), note() {} },
      };
      const [first, second] = await Promise.all([runner.apply(program, context), create().apply(program, context)]);
      expect([first.changes.length, second.changes.length].sort()).toEqual([0, expect.any(Number)]);
      expect(said.some((one) => /^lock waiting for .*process/.test(one))).toBe(true);
      expect(await call("say", "one")).toBe("one");
      expect(await runner.delete(app, { data: true }, quiet)).toEqual({ left: [], kept: [] });
      expect(await listLeft(app)).toEqual([]);
    });
  },
);
