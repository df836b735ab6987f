import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "vitest";
import type { HadronError } from "../../../src/errors.ts";
import { createMuxTransport } from "../../../src/transport/mux/index.ts";
import { readTcpState, toEnd } from "../../../src/transport/mux/link/tcp-state.ts";
import { callScope } from "../../../src/transport/suite/index.ts";

const hello = { app: "app", service: "echo", replica: "echo.0", topology: "t" };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface ReplicaProcess {
  readonly child: ChildProcess;
  readonly address: string;
  /** The next line that it says. */
  line(): Promise<unknown>;
}

async function startReplica(host: string, before: readonly string[] = []): Promise<ReplicaProcess> {
  const words = [...before, process.execPath, join(import.meta.dirname, "replica-process.ts"), host];
  const child = spawn(words[0]!, words.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  closers.push(() => {
    child.kill("SIGKILL");
    return exited;
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const line = async () => JSON.parse((await lines.next()).value ?? "null");
  return { child, address: (await line()) as string, line };
}

function callerOf(address: string) {
  const connection = createMuxTransport().connect(address, {
    self: hello,
    wanted: hello,
    stateChanged: () => {},
    maxOutputBytes: 1e9,
  });
  closers.push(() => connection.close());
  return {
    connection,
    call: (procedure: string, input?: unknown, timeoutMs = 30_000) =>
      connection.call({ procedure, input, scope: callScope(timeoutMs) }),
  };
}

describe("a peer that says nothing over tcp", () => {
  test.runIf(process.platform === "linux")(
    "because it computes for four seconds, still answers its calls",
    async () => {
      const { address } = await startReplica("127.0.0.1");
      const { call } = callerOf(address);
      expect(await call("echo", 1)).toBe(1);
      const blocked = call("block", 4000);
      const beside = call("echo", "x".repeat(100_000));
      const late = call("echo", 3, 1000).catch((error: HadronError) => error.code);
      expect(await late).toBe("DEADLINE_EXCEEDED");
      expect(await blocked).toBe("done");
      expect(await beside).toHaveLength(100_000);
      expect(await call("echo", 2)).toBe(2);
    },
  );

  test.runIf(process.platform === "linux")(
    "because it was stopped, is not taken for gone, even with its buffers full",
    async () => {
      const { address, child } = await startReplica("127.0.0.1");
      const { call, connection } = callerOf(address);
      expect(await call("echo", 1)).toBe(1);
      child.kill("SIGSTOP");
      // More than the system takes for it: bytes remain that it has no room for.
      const large = Promise.all(Array.from({ length: 12 }, () => call("echo", new Uint8Array(900_000))));
      await new Promise((resolve) => setTimeout(resolve, 5500));
      expect(connection.state).toBe("open");
      child.kill("SIGCONT");
      for (const one of await large) expect(one).toHaveLength(900_000);
    },
  );

  test.runIf(canUnplug())("because its cable was cut, is found within 3 s", async () => {
    const { address, child, line } = await startReplica("0.0.0.0", ["unshare", "--net"]);
    // RFC 2544: addresses for tests between networks.
    const net = `198.18.${process.pid % 256}`;
    const unplug = plugIn(child.pid!, `${net}.1`, `${net}.2`);
    const { call } = callerOf(address.replace("0.0.0.0", `${net}.2`));
    expect(await call("echo", 1)).toBe(1);
    const waiting = call("wait").catch((error: HadronError) => error);
    expect(await line()).toBe("waits");
    const startedAt = performance.now();
    unplug();
    const error = (await waiting) as HadronError;
    // Counted by the process's own ticks: a machine that stalls it makes it later, not wrong.
    expect(performance.now() - startedAt).toBeLessThan(3000 + 1500);
    expect(error).toMatchObject({ code: "UNAVAILABLE", unsent: false });
    expect(error.message).toContain("silent for 2.5 s");
  });
});

describe("what the system knows of a connection", () => {
  test("is found by its addresses and ports, as the kernel prints them", () => {
    expect(toEnd("127.0.0.1", 8181)).toBe("0100007F:1FF5");
    expect(toEnd("::", 80)).toBe("00000000000000000000000000000000:0050");
    expect(toEnd("::1", 80)).toBe("00000000000000000000000001000000:0050");
    expect(toEnd("::ffff:10.1.2.3", 1)).toBe("0000000000000000FFFF00000302010A:0001");
    expect(toEnd("fe80::1:2%eth0", 0)).toBe("000080FE000000000000000002000100:0000");
  });

  test.runIf(process.platform === "linux").each(["127.0.0.1", "::1"])("is that it is there, at %s", async (host) => {
    if (host === "::1" && !/lo/.test(readFileSync("/proc/net/if_inet6", "latin1"))) return;
    const accepted = Promise.withResolvers<Socket>();
    const server = createServer(accepted.resolve);
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as { port: number };
    const socket = connect(port, host);
    closers.push(async () => {
      socket.destroy();
      (await accepted.promise).destroy();
      server.close();
    });
    const other = await accepted.promise;
    socket.write("hello");
    await expect.poll(() => readTcpState(socket)).toBe("there");
    await expect.poll(() => readTcpState(other)).toBe("there");
    expect(
      await readTcpState({ ...socket, localAddress: host, localPort: 1, remoteAddress: host, remotePort: 1 }),
    ).toBe("unknown");
  });
});

/** Whether this machine lets us make a network of our own, and take its cable away. */
function canUnplug(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  try {
    // In a space of its own: whatever becomes of it, nothing of this machine's network is touched.
    const words = ["--net", "ip", "link", "add", "near", "type", "veth", "peer", "name", "far"];
    execFileSync("unshare", words, { stdio: "ignore" });
    execFileSync("nsenter", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * Connects this machine with the network space that a process has for itself; returns what cuts that again. The
 * space has no name: naming one would mount over those that others have named.
 */
function plugIn(pid: number, near: string, far: string): () => void {
  const name = `hh${pid}`;
  const there = (...words: readonly string[]) => execFileSync("nsenter", ["-t", `${pid}`, "--net", "ip", ...words]);
  execFileSync("ip", ["link", "add", name, "type", "veth", "peer", "name", "far", "netns", `${pid}`]);
  // Of its own accord it goes with the process, when the system finds the time.
  closers.push(() => execFileSync("ip", ["link", "delete", name]));
  execFileSync("ip", ["address", "add", `${near}/30`, "dev", name]);
  execFileSync("ip", ["link", "set", name, "up"]);
  there("address", "add", `${far}/30`, "dev", "far");
  there("link", "set", "far", "up");
  return () => void there("link", "set", "far", "down");
}
