import { connect, type Socket } from "node:net";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { skip, useNamespace } from "./cluster.ts";
import { context, fixture, type Loose, runnerFor } from "./harness.ts";

const space = useNamespace();

describe.skipIf(skip !== undefined)(`who connects (${skip ?? "there is a cluster"})`, { timeout: 120_000 }, () => {
  const runner = runnerFor(space.env);
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  afterAll(() => runner.delete("callers", { data: true }, context), 60_000);

  test("pods behind a port of their nodes believe a proxy that is trusted, and let so many connections of one address in", async () => {
    const { status } = await runner.apply(await fixture("callers.ts", "callers"), context);
    const { hostname, port } = new URL(status.services[0]?.endpoint ?? "");
    const service = (await space.api.json({
      method: "GET",
      path: `/api/v1/namespaces/${space.name}/services/callers-door`,
      what: "read a service",
      signal: context.signal,
    })) as Loose;
    // So that addresses are those of callers.
    expect(service.spec).toMatchObject({ type: "NodePort", externalTrafficPolicy: "Local" });

    /** Opens a connection, says something, and resolves with the first line of what comes; "closed" where nothing does. */
    const open = (said: string) => {
      const socket = connect(Number(port), hostname);
      sockets.push(socket);
      return new Promise<string>((resolve, reject) => {
        socket.once("data", (chunk) => resolve(chunk.toString().split("\r\n", 1)[0] ?? ""));
        socket.once("close", () => resolve("closed"));
        socket.once("error", (error: NodeJS.ErrnoException) =>
          error.code === "ECONNRESET" ? resolve("closed") : reject(error),
        );
        socket.write(said);
      });
    };
    const ask = "GET /healthz HTTP/1.1\r\nhost: door\r\n\r\n";
    const of = (client: string) => `PROXY TCP4 ${client} 10.0.0.1 51000 80\r\n${ask}`;
    expect(await open(of("203.0.113.7"))).toBe("HTTP/1.1 200 OK");
    expect(await open(of("203.0.113.7"))).toBe("HTTP/1.1 200 OK");
    expect(await open(of("203.0.113.7"))).toBe("closed");
    expect(await open(of("203.0.113.8"))).toBe("HTTP/1.1 200 OK");
    expect(await open(ask)).toBe("closed");
  });
});
