/** The serving process of `transport.ts`: one kind of server, told by argv; prints its address, and its CPU time when asked. */
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import jayson from "jayson";
import { createSystemClock } from "../../packages/core/src/clock/system-clock.ts";
import { Scope } from "../../packages/core/src/scope/scope.ts";
import { acceptMux } from "../../packages/core/src/transport/mux/index.ts";
import type { Dispatcher } from "../../packages/core/src/transport/transport.ts";

const kind = process.argv[2];
const floats = Array.from({ length: 10_000 }, (_, i) => Math.sin(i) * 100);
const hundred = floats.slice(0, 100);
const procedures: Record<string, (input: unknown) => unknown> = {
  echo: (input) => input,
  hundred: () => hundred,
  floats: () => floats,
};

process.on("message", () => process.send?.({ cpu: process.cpuUsage() }));
process.on("disconnect", () => process.exit());

if (kind === "jayson") {
  const methods = Object.fromEntries(
    Object.entries(procedures).map(([name, run]) => [
      name,
      (params: unknown[], done: (error: null, result: unknown) => void) => done(null, run(params?.[0])),
    ]),
  );
  const server = new jayson.Server(methods).http();
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1", () => process.send?.({ address: `${(server.address() as AddressInfo).port}` }));
} else {
  const clock = createSystemClock();
  const dispatcher: Dispatcher = {
    clock,
    self: { app: "bench", service: "echo", replica: "echo.0", topology: "0" },
    maxInputBytes: 1e8,
    maxOutputBytes: 1e8,
    dispatch(call, reply) {
      const deadlineAt = clock.now() + (call.timeoutMs ?? 30_000);
      const scope = new Scope({ clock, deadlineAt, trace: call.trace });
      // As a handler is run: its outcome comes in a later microtask.
      void Promise.resolve(procedures[call.procedure]?.(call.input)).then((output) => {
        scope.end();
        reply.ok(output);
      });
      return scope;
    },
  };
  const server = createServer();
  server.on("upgrade", (request, socket, head) => acceptMux(socket, head, request.headers, dispatcher));
  const path = `/tmp/hadron-bench-${process.pid}.sock`;
  if (kind === "unix") server.listen(path, () => process.send?.({ address: `unix:${path}` }));
  else {
    server.listen(0, "127.0.0.1", () =>
      process.send?.({ address: `tcp:127.0.0.1:${(server.address() as AddressInfo).port}` }),
    );
  }
  process.on("exit", () => rmSync(path, { force: true }));
}
