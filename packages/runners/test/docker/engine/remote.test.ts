import { spawn } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openHost } from "@hadron/core/cli/shared";
import { TableDirectory } from "@hadron/core/spi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTunnel } from "../../../src/docker/connect/tunnel.ts";
import { createRunner } from "../../../src/docker/index.ts";
import { INTERNAL_PORT } from "../../../src/replica/layout.ts";
import { openTestEngine, quiet, skip, uniqueApp } from "../engine.ts";
import { createTemporaryApp } from "../temporary-app.ts";

const app = uniqueApp("remote");

/** Does what `ssh -N -L LOCAL:REMOTE -- TARGET` does, without another machine. */
const SSH = `const { connect, createServer } = require("node:net");
const at = process.argv.indexOf("-L");
if (process.argv.at(-1) !== "ann@far") { console.error("ann@nowhere: Permission denied (publickey)."); process.exit(255); }
const [local, remote] = process.argv[at + 1].split(":");
createServer((one) => { const other = connect(remote); one.pipe(other).pipe(one); for (const s of [one, other]) s.on("error", () => { one.destroy(); other.destroy(); }); }).listen(local);
`;

describe.skipIf(skip !== undefined)(
  `an engine that is elsewhere${skip === undefined ? "" : ` (${skip})`}`,
  { timeout: 120_000 },
  () => {
    let folder: string;
    let tcp: Server;
    let port: number;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "hadron-far-"));
      await writeFile(join(folder, "ssh.cjs"), SSH);
      // Through a shell: no path with a space in it can stand behind #!.
      await writeFile(join(folder, "ssh"), `#!/bin/sh\nexec "${process.execPath}" "${join(folder, "ssh.cjs")}" "$@"\n`);
      await chmod(join(folder, "ssh"), 0o755);
      tcp = createServer((one) => {
        const other = connect("/var/run/docker.sock");
        one.pipe(other).pipe(one);
        for (const socket of [one, other]) socket.on("error", () => socket.destroy());
      });
      await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
      port = (tcp.address() as { port: number }).port;
    });
    afterAll(async () => {
      await createRunner({ flags: {}, explicitApp: false, env: process.env }).delete(app, { data: true }, quiet);
      await new Promise((resolve) => tcp.close(resolve));
      await rm(folder, { recursive: true });
    }, 60_000);

    /** Types a command with `ssh` replaced. */
    async function type(env: Record<string, string>, ...words: readonly string[]) {
      const child = spawn(process.execPath, ["--import", "tsx", ...words], {
        env: { ...process.env, PATH: `${folder}:${process.env.PATH}`, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const read = async (stream: NodeJS.ReadableStream) =>
        (await Array.fromAsync(stream.setEncoding("utf8") as AsyncIterable<string>)).join("");
      const closed = new Promise((resolve) => child.once("close", resolve));
      const [stdout, stderr, status] = await Promise.all([read(child.stdout), read(child.stderr), closed]);
      return { stdout, stderr, status };
    }

    test("is used over ssh, from the image to the call, and ssh ends with the command", async () => {
      await using file = await createTemporaryApp(app);
      await file.write(
        'export const far = service("far", (name: string) => ["far", name].join(" "), { capacity: { memoryMiB: 128 } });',
        ["far"],
      );
      const env = { DOCKER_HOST: "ssh://ann@far" };
      const flags = ["--runner=docker", `--app=${app}`];
      const path = join(file.folder, "app.ts");
      const up = await type(env, path, "up", ...flags);
      expect(up.status, up.stderr).toBe(0);
      expect((await type(env, path, "call", "far", '"away"', ...flags)).stdout).toBe('"far away"\n');
      const refused = await type({ DOCKER_HOST: "ssh://ann@nowhere" }, path, "status", ...flags);
      expect(refused.status).toBe(1);
      expect(refused.stderr).toMatch(/ssh:\/\/ann@nowhere \(.*Permission denied \(publickey\)/);
      const left = await Promise.all(
        (await readdir("/proc"))
          .filter((pid) => /^\d+$/.test(pid))
          .map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
      );
      expect(left.filter((line) => line.includes(join(folder, "ssh")))).toEqual([]);
    });

    test("is used over tcp, and its containers are reached through it where their ports are not", async () => {
      await using file = await createTemporaryApp(app);
      const program = await file.write(
        'export const far = service("far", { echo: (text: string) => text }, { capacity: { memoryMiB: 128 } });',
        ["far"],
      );
      const runner = createRunner({
        flags: {},
        explicitApp: false,
        env: { ...process.env, DOCKER_HOST: `tcp://127.0.0.1:${port}` },
      });
      await runner.apply(program, quiet);
      await using engine = await openTestEngine();
      const { Id } = await engine.get<{ Id: string }>(`/containers/${app}.far.0/json`);
      await using tunnel = openTunnel(engine, Id, INTERNAL_PORT);
      const directory = new TableDirectory();
      directory.set("far", [
        { ordinal: -1, name: "far.0", address: tunnel.address, state: "ready", reason: undefined },
      ]);
      const host = await openHost(app, directory);
      const large = "€".repeat(300_000);
      expect(await Promise.all(["a", large, "b"].map((text) => host.call("far", "echo", text, {})))).toEqual([
        "a",
        large,
        "b",
      ]);
      host.close();
    });
  },
);
