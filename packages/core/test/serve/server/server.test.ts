import { Agent, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createServer, type Server } from "../../../src/serve/server/server.ts";
import type { Route } from "../../../src/transport/http/route.ts";
import { TestDispatcher, until } from "../../../src/transport/suite/index.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function serve(routes: readonly Route[]) {
  const logged: string[] = [];
  const dispatcher = new TestDispatcher({ echo: ({ input }) => input });
  const server = createServer({
    dispatcher,
    idle: () => Promise.resolve(),
    discover: () => ({ openrpc: "1.3.2" }),
    log: { error: (message) => logged.push(message) },
  });
  closers.push(() => server.drain(0));
  const address = await server.listen("tcp:127.0.0.1:0", { routes });
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  const agent = new Agent({ keepAlive: true });
  closers.push(() => agent.destroy());
  const ask = (method: string, path: string, body?: string) =>
    new Promise<Answer>((resolve, reject) => {
      const headers = body === undefined ? {} : { "content-type": "application/json" };
      const asked = request({ host: "127.0.0.1", port, method, path, agent, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => {
          text += piece;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      });
      asked.on("error", reject);
      asked.end(body);
    });
  return { server, dispatcher, port, ask, logged };
}

const say =
  (text: string) =>
  (_: IncomingMessage, response: ServerResponse): void => {
    response.end(text);
  };

test("any dispatcher is called by JSON-RPC, beside routes of one's own", async () => {
  const { ask } = await serve([{ method: "GET", path: "/", handle: say("a page") }]);
  const call = JSON.stringify({ jsonrpc: "2.0", method: "echo", params: [7], id: 1 });
  expect(JSON.parse((await ask("POST", "/", call)).body)).toEqual({ jsonrpc: "2.0", result: 7, id: 1 });
  expect((await ask("GET", "/?q=1")).body).toBe("a page");
});

test("a route is found by method and path, the nearest first, and HEAD is answered by GET", async () => {
  const { ask } = await serve([
    { method: "GET", path: "/files/*", handle: say("below") },
    { method: "GET", path: "/files/deep/*", handle: say("deeper") },
    { method: "GET", path: "/files/one", handle: say("exact") },
    { method: "PUT", path: "/files/one", handle: say("put") },
  ]);
  expect((await ask("GET", "/files/a/b?c")).body).toBe("below");
  expect((await ask("GET", "/files/deep/x")).body).toBe("deeper");
  expect((await ask("GET", "/files/one?x=/files/deep/")).body).toBe("exact");
  expect((await ask("PUT", "/files/one")).body).toBe("put");
  expect(await ask("HEAD", "/files/one")).toMatchObject({ status: 200, body: "" });
  const refused = await ask("DELETE", "/files/one");
  expect(refused).toMatchObject({ status: 405, headers: { allow: "GET, PUT" } });
  expect(refused.body).toContain("GET, PUT");
  expect(await ask("GET", "/file")).toMatchObject({ status: 404 });
});

test("a route that throws or rejects is status 500, tells its caller nothing, and is logged", async () => {
  const { ask, logged } = await serve([
    {
      method: "GET",
      path: "/throws",
      handle: () => {
        throw new Error("secret 1");
      },
    },
    { method: "GET", path: "/rejects", handle: () => Promise.reject(new Error("secret 2")) },
  ]);
  for (const path of ["/throws", "/rejects"]) {
    const { status, body } = await ask("GET", path);
    expect(status).toBe(500);
    expect(body).not.toContain("secret");
  }
  expect(logged).toEqual(["GET /throws failed: secret 1", "GET /rejects failed: secret 2"]);
});

test("what a route took is answered before the server is drained, and its caller is told to go", async () => {
  const gate = Promise.withResolvers<void>();
  let taken = false;
  const slow: Route = {
    method: "GET",
    path: "/slow",
    async handle(_, response) {
      taken = true;
      await gate.promise;
      response.end("done");
    },
  };
  const { server, ask } = await serve([slow]);
  const answer = ask("GET", "/slow");
  await until(() => taken, "it is taken");
  let over = false;
  const drained = server.drain(10_000).then((done) => {
    over = true;
    return done;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(over).toBe(false);
  gate.resolve();
  expect(await answer).toMatchObject({ status: 200, body: "done", headers: { connection: "close" } });
  expect(await drained).toBe(true);
});

test("a route that is not done in time is cut, and the server says so", async () => {
  let taken = false;
  const { server, ask } = await serve([
    {
      method: "GET",
      path: "/never",
      handle: () => {
        taken = true;
      },
    },
  ]);
  const answer = ask("GET", "/never").then(
    () => "answered",
    () => "cut",
  );
  await until(() => taken, "it is taken");
  expect(await server.drain(50)).toBe(false);
  for (const close of closers.splice(0).reverse()) await close();
  expect(await answer).toBe("cut");
});

test("a connection that asks for another protocol is its route's, and for hadron's the dispatcher's", async () => {
  const { port, dispatcher } = await serve([
    {
      method: "GET",
      path: "/chat",
      handle: say("no"),
      upgrade: (_, socket) => {
        socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nhello");
      },
    },
  ]);
  const upgrade = (path: string, protocol: string, more = {}) =>
    new Promise<string>((resolve, reject) => {
      const asked = request({
        host: "127.0.0.1",
        port,
        path,
        headers: { connection: "Upgrade", upgrade: protocol, ...more },
      });
      asked.on("upgrade", (response, socket) => {
        resolve(`${response.statusCode} ${response.headers.upgrade}`);
        socket.destroy();
      });
      asked.on("response", (response) => {
        resolve(String(response.statusCode));
        response.resume();
      });
      asked.on("error", reject);
      asked.end();
    });
  expect(await upgrade("/chat", "chat")).toBe("101 chat");
  // As if it had not offered: RFC 9110, section 7.8.
  expect(await upgrade("/elsewhere", "chat")).toBe("404");
  const { app, service } = dispatcher.self;
  const hadron = { "hadron-version": "1", "hadron-app": app, "hadron-wanted-service": service };
  expect(await upgrade("/chat", "hadron", hadron)).toBe("101 hadron");
});

test("one server has several addresses, each with routes of its own", async () => {
  const { server, ask } = await serve([]);
  const inner = await server.listen("tcp:127.0.0.1:0", {
    routes: [{ method: "GET", path: "/inner", handle: say("inner") }],
  });
  const response = await fetch(`http://127.0.0.1:${inner.slice(inner.lastIndexOf(":") + 1)}/inner`);
  expect(await response.text()).toBe("inner");
  expect(await ask("GET", "/inner")).toMatchObject({ status: 404 });
  expect(server satisfies Server).toMatchObject({ draining: false });
});
