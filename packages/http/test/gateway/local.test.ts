import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { expect, test } from "vitest";
import { WebSocket } from "ws";

const APP = join(import.meta.dirname, "app/shop.ts");

test("an address of https is served over TLS, and passes a socket on", { timeout: 60_000 }, async () => {
  const state = mkdtempSync(join(tmpdir(), "gateway-state-"));
  const env = { ...process.env, XDG_STATE_HOME: state };
  const flags = [`--app=gateway-${process.pid}`];
  const up = spawn("tsx", [APP, "up", ...flags], { env, stdio: ["ignore", "pipe", "pipe"] });
  try {
    let said = "";
    const port = await new Promise<number>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        said += chunk;
        const found = /^\* https:\/\/shop\.localhost\/site\/\* +https:\/\/127\.0\.0\.1:(\d+)\/site\/\*$/m.exec(said);
        if (found !== null) resolve(Number(found[1]));
      };
      up.stdout.on("data", hear);
      up.stderr.on("data", hear);
      up.once("exit", () => reject(new Error(said)));
    });
    const ca = readFileSync(join(state, "hadron/tls/authority.pem"), "utf8");
    const url = `https://shop.localhost:${port}/site`;
    const options = { ca, lookup: toThisMachine as never };
    const [answer] = await once(get(`${url}/hello`, options), "response");
    expect([answer.statusCode, await json(answer)]).toEqual([200, "hello"]);
    const socket = new WebSocket(`${url.replace("https", "wss")}/live`, options);
    await once(socket, "open");
    socket.send('"hi"');
    expect(String((await once(socket, "message"))[0])).toBe('{"you":"hi"}');
    socket.close(1000);
    expect((await once(socket, "close"))[0]).toBe(1000);
  } finally {
    const ended = once(up, "exit");
    up.kill("SIGTERM");
    await ended;
    execFileSync("tsx", [APP, "delete", "--data", "--yes", ...flags], { env });
    rmSync(state, { recursive: true });
  }
});

/** Names below `.localhost` are this machine; not every resolver knows that. */
function toThisMachine(_: string, options: { all?: boolean }, done: (...found: any[]) => void): void {
  if (options.all) done(null, [{ address: "127.0.0.1", family: 4 }]);
  else done(null, "127.0.0.1", 4);
}
