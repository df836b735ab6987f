import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { procedure, service } from "@hadron/core";
import { afterEach, expect, test, vi } from "vitest";
import { createRig } from "../call/rig.ts";
import { startProxy } from "./proxy.ts";

// A proxy on this machine acknowledges what it drops, as a host that vanished does not. That such a host is told from one
// that is busy is tested with a cable that is cut: test/transport/busy.test.ts.
vi.mock("../../src/transport/mux/link/tcp-state.ts", () => ({ readTcpState: async () => "gone" }));

const idempotent = true;
const echo = service("echo", {
  once: (input: unknown) => input,
  again: procedure({ idempotent }, (input: unknown) => input),
  wait: (_: unknown, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server that is no replica. */
async function listenRaw(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `tcp:127.0.0.1:${(server.address() as { port: number }).port}`;
}

test("a half-open connection is found within 3 s, and the call is UNAVAILABLE", async () => {
  await using rig = createRig(echo);
  const replica = await rig.serve("echo");
  await using proxy = await startProxy(replica.address);
  rig.publish("echo", [{ address: proxy.address }]);
  await rig.call("echo", "once", 1);
  proxy.faults.silent = true;
  const startedAt = performance.now();
  await expect(rig.call("echo", "wait")).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
  // Counted by the process's own ticks: a machine that stalls it makes it later, not wrong.
  expect(performance.now() - startedAt).toBeGreaterThan(2000);
  expect(performance.now() - startedAt).toBeLessThan(3000 + 1500);
  proxy.faults.silent = false;
  expect(await rig.call("echo", "once", 2)).toBe(2);
});

test("the handlers of a caller that vanished see their signal abort within 3 s", async () => {
  let abortedAfterMs = 0;
  const aborted = Promise.withResolvers<void>();
  const slow = service("slow", (_: unknown, { signal }) => {
    const at = performance.now();
    return new Promise((_, reject) =>
      signal.addEventListener("abort", () => {
        abortedAfterMs = performance.now() - at;
        aborted.resolve();
        reject(signal.reason);
      }),
    );
  });
  await using rig = createRig(slow);
  const replica = await rig.serve("slow");
  await using proxy = await startProxy(replica.address);
  rig.publish("slow", [{ address: proxy.address }]);
  const call = rig.call("slow", "slow", 1).catch((error) => error);
  // The call is there once its bytes have passed.
  await expect.poll(() => replica.server.dispatcher.inFlight).toBe(1);
  proxy.faults.silent = true;
  await aborted.promise;
  expect(abortedAfterMs).toBeLessThan(3000 + 1500);
  expect(await call).toMatchObject({ code: "UNAVAILABLE" });
});

test("a peer that stops reading costs its callers their deadline, and others nothing", async () => {
  await using rig = createRig(echo);
  const stuck = await rig.serve("echo", 0);
  const well = await rig.serve("echo", 1);
  await using proxy = await startProxy(stuck.address);
  rig.publish("echo", [{ address: proxy.address }, { address: well.address }]);
  const scopeOf = (ordinal: number, input: unknown) =>
    rig.host.within({ timeoutMs: 1500 }, (scope) => rig.host.channel("echo").callShard(ordinal, "once", input, scope));
  expect(await scopeOf(0, 1)).toBe(1);
  proxy.faults.stuffed = true;
  const [first, second] = await Promise.allSettled([scopeOf(0, 2), scopeOf(1, 3)]);
  expect(first).toMatchObject({ status: "rejected", reason: { code: "DEADLINE_EXCEEDED", path: ["echo.0"] } });
  expect(second).toEqual({ status: "fulfilled", value: 3 });
});

test.each([
  ["garbage", (socket: Socket) => socket.end(Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 73) & 255)))],
  ["another protocol", (socket: Socket) => socket.end("220 mail.example.org ESMTP\r\n")],
  ["an answer without end", (socket: Socket) => socket.write("HTTP/1.1 101 ".padEnd(64 * 1024, "x"))],
  [
    "another version",
    (socket: Socket) => socket.end("HTTP/1.1 426 Upgrade Required\r\nHadron-Version: 99\r\nConnection: close\r\n\r\n"),
  ],
  ["a closed door", (socket: Socket) => socket.destroy()],
])("a peer that sends %s gets no call, and the error says so", async (_, answer) => {
  await using rig = createRig(echo);
  const address = await listenRaw(createServer((socket) => socket.once("data", () => answer(socket))));
  rig.publish("echo", [{ address }]);
  await expect(rig.call("echo", "once", 1, 1500)).rejects.toMatchObject({
    code: "UNAVAILABLE",
    unsent: true,
    message: expect.stringContaining("echo.0 at tcp:127.0.0.1:"),
  });
});

test("frames that are garbage end the connection, and the call under way is UNAVAILABLE", async () => {
  await using rig = createRig(echo);
  const replica = await rig.serve("echo");
  await using proxy = await startProxy(replica.address);
  rig.publish("echo", [{ address: proxy.address }]);
  await rig.call("echo", "once", 1);
  proxy.faults.corrupt = (bytes) => bytes.map((byte) => byte ^ 0xff) as Buffer;
  await expect(rig.call("echo", "once", 2)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  proxy.faults.corrupt = undefined;
  expect(await rig.call("echo", "once", 3)).toBe(3);
});

test("a port that another replica has now is refused, and the call waits for the right one", async () => {
  const other = service("other", (input: unknown) => input);
  await using rig = createRig(echo, other);
  const wrong = await rig.serve("other");
  rig.publish("echo", [{ address: wrong.address }]);
  const call = rig.call("echo", "once", 7);
  await expect.poll(() => rig.metric("hadron_client_resent_total")).toBeGreaterThan(0);
  const right = await rig.serve("echo");
  rig.publish("echo", [{ address: right.address }]);
  expect(await call).toBe(7);
  expect(wrong.server.dispatcher.totals.calls).toBe(0);
});

test("a port that another process has now gets no call", async () => {
  await using rig = createRig(echo);
  let requests = 0;
  const http = createHttpServer((_, response) => {
    requests++;
    response.end("hello");
  });
  const address = await listenRaw(http);
  rig.publish("echo", [{ address }]);
  await expect(rig.call("echo", "once", 1, 1500)).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(/does not know the protocol of replicas/),
  });
  expect(requests).toBeLessThan(100);
});

test("an idempotent call survives a replica that dies while it works", async () => {
  const started = Promise.withResolvers<void>();
  let runs = 0;
  const slow = service("slow", {
    read: procedure({ idempotent }, (_: unknown, { replica }) => {
      if (++runs > 1) return replica.name;
      started.resolve();
      return new Promise(() => {});
    }),
  });
  await using rig = createRig(slow);
  const replicas = [await rig.serve("slow", 0), await rig.serve("slow", 1)];
  const proxies = await Promise.all(replicas.map((one) => startProxy(one.address)));
  closing.push(async () => void (await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()))));
  rig.publish(
    "slow",
    proxies.map(({ address }) => ({ address })),
  );
  const call = rig.call("slow", "read");
  await started.promise;
  const busy = replicas.findIndex((one) => one.server.dispatcher.inFlight === 1);
  proxies[busy]!.cut();
  expect(await call).toBe(`slow.${1 - busy}`);
  expect(rig.metric("hadron_client_retries_total")).toBe(1);
});

test("500 idle connections cost a replica next to nothing, and still work", async () => {
  await using rig = createRig(echo);
  const replica = await rig.serve("echo", 0, "unix");
  rig.publish("echo", [{ address: replica.address }]);
  const callers = Array.from({ length: 500 }, () => rig.caller());
  const ask = () =>
    Promise.all(callers.map((caller, index) => caller.call("echo", "once", index, { timeoutMs: 20_000 })));
  expect(await ask()).toEqual(callers.map((_, index) => index));
  expect(await ask()).toEqual(callers.map((_, index) => index));
});
