import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { callUrl } from "../call-url.ts";
import { createProcesses, type ReplicaProcess } from "./processes.ts";

vi.setConfig({ testTimeout: 120_000 });

const COUNT = 1000;

/** Where an outside caller reaches a replica that does not listen itself: its connections are accepted here. */
async function acceptFor(replica: ReplicaProcess) {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    replica.child.send({ type: "connection" }, socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as { port: number }).port };
}

test.concurrent.each(["listens", "is passed connections"])(
  "a thousand connections that send nothing are let go by a replica that %s, others are served, and memory goes back",
  async (how) => {
    await using processes = createProcesses();
    const replica = await processes.start(0, { expose: "tcp:127.0.0.1:0" });
    const acceptor = how === "listens" ? undefined : await acceptFor(replica);
    const port = acceptor?.port ?? Number(replica.exposed[0]!.split(":").at(-1));
    const url = `http://127.0.0.1:${port}`;
    const memory = () => processes.ask(replica, "memory") as Promise<number>;
    const sockets: Socket[] = [];
    let open = 0;
    const fill = async () => {
      for (let index = 0; index < COUNT; index++) {
        const socket = connect(port, "127.0.0.1");
        sockets.push(socket);
        socket.on("error", () => {});
        socket.on("close", () => open--);
        socket.resume();
        await once(socket, "connect");
        open++;
      }
    };
    const emptied = async () => {
      for (let call = 1; open > 0; call++) {
        expect(await callUrl(url, "count", call)).toBe(call);
        await pause(250);
      }
    };
    try {
      // What is made once for all of them is no loss.
      await fill();
      await emptied();
      const before = await memory();
      await fill();
      const held = await memory();
      await emptied();
      const after = await memory();
      expect(held - before).toBeGreaterThan(COUNT * 1000);
      expect(after - before).toBeLessThan((held - before) / 4);
    } finally {
      for (const socket of sockets) socket.destroy();
      acceptor?.server.close();
    }
  },
);
