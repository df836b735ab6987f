import { connect, type Socket } from "node:net";
import { type AnyService, service } from "@hadron/core";
import { compose, createSystemClock, serviceDefinition, TableDirectory } from "@hadron/core/spi";
import { createHost } from "../../core/src/call/host/host.ts";
import { createLog } from "../../core/src/serve/log.ts";
import { givenForTest } from "../../core/src/serve/read-given.ts";
import { ReplicaServer } from "../../core/src/serve/replica-server.ts";
import type { HttpTimes } from "../../core/src/transport/http/server.ts";
import { type HttpOptions, http, type Routes } from "../src/index.ts";

/** A replica of a service of routes, which listens at a port as one that is exposed does. */
export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly server: ReplicaServer;
  /** What it has logged, line by line. */
  readonly logged: readonly string[];
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

/** Serves routes at a port of this machine. */
export function serve<K extends string>(routes: Routes<K>, options?: HttpOptions, times?: HttpTimes): Promise<Served> {
  return serveService(service("web", http(routes, options)), times);
}

/** The same for a service. */
export async function serveService(web: AnyService, times?: HttpTimes): Promise<Served> {
  const name = serviceDefinition(web)?.name ?? "";
  const app = compose("test", [web]);
  const self = { app: "test", service: name, replica: `${name}.0`, topology: "" };
  const clock = createSystemClock();
  const host = createHost({
    self,
    clock,
    directory: new TableDirectory(),
    transports: {},
    app,
    given: givenForTest(app, process.env, {}),
  });
  const logged: string[] = [];
  const log = createLog(self.replica, (line) => logged.push(line), clock);
  const server = new ReplicaServer({
    app,
    host,
    self,
    service: name,
    ordinal: 0,
    log,
    revision: "1",
    count: () => 1,
    times,
  });
  await server.start();
  const [address = ""] = await server.listen(["tcp:127.0.0.1:0"], { exposed: true });
  server.ready();
  const port = Number(address.split(":").at(-1));
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    server,
    logged,
    fetch: (path, init) => fetch(url + path, { redirect: "manual", ...init }),
    async [Symbol.asyncDispose]() {
      await server.drain(0);
      host.close();
    },
  };
}

/** Opens a connection, to say what no well-behaved client says. */
export function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Sends bytes, and returns all that comes back until the server ends the connection. */
export async function say(port: number, text: string): Promise<string> {
  const socket = await open(port);
  socket.write(text, "latin1");
  return heard(socket);
}

/** All that comes over a connection until it ends. */
export async function heard(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk) => {
    text += chunk;
  });
  await new Promise((resolve) => socket.once("close", resolve));
  return text;
}
