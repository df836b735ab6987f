import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { Authority } from "../../../runners/src/shared/tls/authority.ts";

const APP = join(import.meta.dirname, "app/web.ts");
const MADE = join(import.meta.dirname, "app/made");
const STATE = mkdtempSync(join(tmpdir(), "tls-state-"));
const FOLDER = join(STATE, "hadron/tls");
const flags = [`--app=tls-${process.pid}`];
const env = { ...process.env, XDG_STATE_HOME: STATE };

let up: ReturnType<typeof spawn>;
let ports: Record<string, number> = {};
let ca: string;
let said = "";

beforeAll(async () => {
  mkdirSync(MADE, { recursive: true });
  await renew();
  up = spawn("tsx", [APP, "up", ...flags], { env, stdio: ["ignore", "pipe", "pipe"] });
  const ready = Promise.withResolvers<void>();
  const hear = (chunk: Buffer) => {
    said += chunk;
    const endpoints = said.matchAll(/^(\w+) +https:\/\/127\.0\.0\.1:(\d+)$/gm);
    ports = Object.fromEntries(Array.from(endpoints, ([, name = "", port]) => [name, Number(port)]));
    if (Object.keys(ports).length === 4) ready.resolve();
  };
  up.stdout?.on("data", hear);
  up.stderr?.on("data", hear);
  up.once("exit", () => ready.reject(new Error(said)));
  await ready.promise;
  ca = readFileSync(join(FOLDER, "authority.pem"), "utf8");
}, 60_000);

afterAll(async () => {
  const ended = once(up, "exit");
  up.kill("SIGTERM");
  await ended;
  execFileSync("tsx", [APP, "delete", "--data", "--yes", ...flags], { env });
  rmSync(MADE, { recursive: true });
  rmSync(STATE, { recursive: true });
});

/** Makes the files that one of the services is given. */
async function renew(): Promise<void> {
  const authority = await Authority.open(FOLDER);
  const { cert, key } = await authority.issue(["localhost", "127.0.0.1"]);
  writeFileSync(join(MADE, "key.pem"), key);
  writeFileSync(join(MADE, "cert.pem"), cert);
}

async function ask(
  url: string,
  { method = "GET", body, agent }: { method?: string; body?: string; agent?: Agent } = {},
): Promise<{ status: number | undefined; body: string; headers: Record<string, unknown> }> {
  const { promise, resolve, reject } = Promise.withResolvers<import("node:http").IncomingMessage>();
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  request(url, { method, headers, ca, agent: agent ?? false, lookup: toThisMachine } as never, resolve)
    .once("error", reject)
    .end(body);
  const answer = await promise;
  return { status: answer.statusCode, body: await text(answer), headers: answer.headers };
}

/** Whatever the name: the tests speak to this machine. */
function toThisMachine(_: string, options: { all?: boolean }, told: (...given: unknown[]) => void): void {
  if (options.all === true) told(null, [{ address: "127.0.0.1", family: 4 }]);
  else told(null, "127.0.0.1", 4);
}

async function shakeHands(port: number | undefined, options: object): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", ca, ...options } as never);
  await once(socket, "secureConnect");
  return socket;
}

test("certificates are of an authority of the user's own, which speaks for this machine alone", async () => {
  expect(statSync(join(FOLDER, "authority.key")).mode & 0o777).toBe(0o600);
  expect(statSync(FOLDER).mode & 0o777).toBe(0o700);
  expect(said).toContain(`${FOLDER}/authority.pem`);
  for (const host of ["127.0.0.1", "localhost", "shop.localhost", "a.b.localhost"]) {
    const { status, body } = await ask(`https://${host}:${ports.own}/`);
    expect([status, JSON.parse(body).url]).toEqual([200, `https://${host}:${ports.own}/`]);
  }
  await expect(ask(`https://shop.example:${ports.own}/`)).rejects.toThrow();
  const authority = await Authority.open(FOLDER);
  const { cert, key } = await authority.issue(["shop.example"]);
  const { createServer } = await import("node:tls");
  const evil = createServer({ cert, key }).listen(0, "127.0.0.1");
  await once(evil, "listening");
  const { port } = evil.address() as { port: number };
  await expect(ask(`https://shop.example:${port}/`)).rejects.toThrow("permitted subtree violation");
  evil.close();
});

test("JSON-RPC comes over it as well", async () => {
  const body = JSON.stringify({ jsonrpc: "2.0", method: "greet", params: ["Ann"], id: 1 });
  expect(JSON.parse((await ask(`https://localhost:${ports.greet}/`, { method: "POST", body })).body)).toEqual({
    jsonrpc: "2.0",
    result: "Hello, Ann!",
    id: 1,
  });
});

test("HTTP/1.1 and HTTP/2 have the same routes", async () => {
  const echo = await ask(`https://localhost:${ports.own}/echo`, { method: "POST", body: '{"a":1}' });
  expect(echo.body).toBe('{"a":1}');
  const session = connectHttp2(`https://localhost:${ports.own}`, { ca });
  const call = async (headers: Record<string, string>, body?: string) => {
    const stream = session.request(headers, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    const [answer] = await once(stream, "response");
    return { answer, body: await text(stream) };
  };
  const root = await call({ ":path": "/" });
  expect([root.answer[":status"], JSON.parse(root.body).url]).toEqual([200, `https://localhost:${ports.own}/`]);
  expect((await call({ ":path": "/cookies" })).answer["set-cookie"]).toEqual(["a=1", "b=2"]);
  const json = { "content-type": "application/json" };
  expect((await call({ ":path": "/echo", ":method": "POST", ...json }, '{"b":2}')).body).toBe('{"b":2}');
  expect((await call({ ":path": "/events" })).body).toBe("data: 1\n\ndata: 2\n\n");
  expect((await call({ ":path": "/nothing" })).answer[":status"]).toBe(404);
  const many = await Promise.all(Array.from({ length: 50 }, () => call({ ":path": "/" })));
  expect(many.every(({ answer }) => answer[":status"] === 200)).toBe(true);
  session.close();
});

test("sockets come over it", async () => {
  const socket = new WebSocket(`wss://localhost:${ports.own}/live`, { ca, origin: `https://localhost:${ports.own}` });
  await once(socket, "open");
  socket.send('"hi"');
  expect(String((await once(socket, "message"))[0])).toBe('"hi"');
  socket.close(1000);
  expect((await once(socket, "close"))[0]).toBe(1000);
});

test("TLS is 1.2 at least; who comes without it is sent there, or told so", async () => {
  const { port } = { port: ports.own };
  (await shakeHands(port, { servername: "localhost", maxVersion: "TLSv1.2" })).destroy();
  const old = { servername: "localhost", minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" };
  await expect(shakeHands(port, old)).rejects.toThrow();
  const page = await fetch(`http://localhost:${port}/a?b=1`, { redirect: "manual" });
  expect([page.status, page.headers.get("location")]).toEqual([308, `https://localhost:${port}/a?b=1`]);
  const posted = await fetch(`http://localhost:${port}/a`, { method: "POST", body: "secret" });
  expect([posted.status, await posted.text()]).toEqual([426, "Here is TLS: ask with https in place of http.\n"]);
});

test("behind a proxy that is trusted, a connection is whose it says, and one address has no more than it may", async () => {
  const ask = async (client: string) => {
    const { connect: open } = await import("node:net");
    const plain = open(ports.behind ?? 0, "127.0.0.1");
    plain.write(`PROXY TCP4 ${client} 127.0.0.1 1 2\r\n`);
    const socket = await shakeHands(undefined, { socket: plain, servername: "localhost" });
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const [answer] = await once(socket, "data");
    return { socket, answer: String(answer) };
  };
  const first = await ask("203.0.113.7");
  expect(first.answer).toMatch(/"203\.0\.113\.7"$/);
  await expect(ask("203.0.113.7")).rejects.toThrow();
  const other = await ask("203.0.113.8");
  expect(other.answer).toMatch(/"203\.0\.113\.8"$/);
  for (const { socket } of [first, other]) socket.destroy();
  await expect(shakeHands(ports.behind, { servername: "localhost" })).rejects.toThrow();
});

test("files are read again when they change: no request fails, no connection ends", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const url = `https://localhost:${ports.given}/`;
  const serialOf = async () => {
    const socket = await shakeHands(ports.given, { servername: "localhost" });
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  };
  const before = await serialOf();
  const kept = await shakeHands(ports.given, { servername: "localhost" });
  let going = true;
  let asked = 0;
  const load = Array.from({ length: 4 }, async (_, at) => {
    for (; going; asked++) expect((await ask(url, at % 2 === 0 ? { agent } : {})).status).toBe(200);
  });
  await renew();
  await expect.poll(serialOf, { timeout: 15_000, interval: 100 }).not.toBe(before);
  const known = asked;
  await expect.poll(() => asked, { timeout: 15_000 }).toBeGreaterThan(known + 20);
  going = false;
  await Promise.all(load);
  agent.destroy();
  kept.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  expect(await text(kept)).toMatch(/^HTTP\/1.1 200 /);
});
