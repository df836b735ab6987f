import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { service } from "@hadron/core";
import { expect, test } from "vitest";
import { createRig } from "../call/rig.ts";
import { callUrl } from "../call-url.ts";

const one = service("one", (input: unknown) => input);

test("calls that wait for a replica are bounded; one more is OVERLOADED at once", async () => {
  await using rig = createRig(one);
  rig.publish("one", [{ address: "", state: "starting" }]);
  const first = rig.call("one", "one", 0, 120_000);
  const most = rig.metric("hadron_client_waiting_limit");
  const calls = Array.from({ length: most - 1 }, (_, index) => rig.call("one", "one", index, 120_000));
  expect(rig.metric("hadron_client_waiting")).toBe(most);
  await expect(rig.call("one", "one", 1)).rejects.toMatchObject({
    code: "OVERLOADED",
    message: expect.stringContaining(`${most} calls wait`),
  });
  const settled = Promise.allSettled([first, ...calls]);
  rig.host.close();
  expect((await settled).every((outcome) => outcome.status === "rejected")).toBe(true);
  expect(rig.metric("hadron_client_waiting")).toBe(0);
});

test("nothing is left of calls that are over: no waiting, no deadline, nothing in flight", async () => {
  await using rig = createRig(one);
  const replica = await rig.serve("one");
  rig.publish("one", [{ address: replica.address }]);
  const deadlinesBefore = rig.metric("hadron_deadlines");
  await Promise.all(Array.from({ length: 500 }, (_, index) => rig.call("one", "one", index)));
  await Promise.allSettled(Array.from({ length: 50 }, () => rig.call("one", "nothing")));
  expect(rig.metric("hadron_client_in_flight")).toBe(0);
  expect(rig.metric("hadron_client_waiting")).toBe(0);
  // What the replica keeps for its side of a call is gone once its answer is written.
  await expect.poll(() => rig.metric("hadron_deadlines")).toBe(deadlinesBefore);
  expect(replica.server.dispatcher.inFlight).toBe(0);
});

test("bodies that come slowly are bounded together; one more is OVERLOADED", async () => {
  const size = 15 * 1024 * 1024;
  await using rig = createRig(one);
  const { address } = await rig.serve("one");
  const url = address.replace("tcp:", "http://");
  const [, host, port] = /^tcp:(.*):(\d+)$/.exec(address)!;
  const reading = async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(/^hadron_http_reading_bytes (\d+)$/m.exec(text)![1]);
  };
  const sockets: Socket[] = [];
  try {
    for (let count = 1; count <= 18; count++) {
      const socket = connect(Number(port), host!);
      sockets.push(socket);
      socket.on("error", () => {});
      socket.write(
        `POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${size + 1}\r\n\r\n`,
      );
      socket.write(Buffer.alloc(size, " "));
      if (count <= 17) await expect.poll(reading, { timeout: 20_000 }).toBe(count * size);
    }
    const [answer] = (await once(sockets.at(-1)!, "data")) as [Buffer];
    expect(answer.toString()).toContain('"code":"OVERLOADED"');
    // Small ones pass.
    expect(await callUrl(url, "one", 7)).toBe(7);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await expect.poll(reading).toBe(0);
});

test("every bound shows in /metrics", async () => {
  const below = service("below", (input: unknown) => input);
  const above = service("above", (input: unknown) => below(input));
  await using rig = createRig(above, below);
  rig.publish("below", [{ address: (await rig.serve("below")).address }]);
  const { address } = await rig.serve("above");
  rig.publish("above", [{ address }]);
  expect(await rig.call("above", "above", 7)).toBe(7);
  const url = address.replace("tcp:", "http://");
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string) =>
    Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (.*)$`, "m").exec(text)?.[1] ?? Number.NaN);
  expect(value("hadron_calls_waiting")).toBe(0);
  expect(value("hadron_concurrency_declared")).toBe(4000);
  expect(value("hadron_concurrency_limit")).toBeLessThanOrEqual(4000);
  expect(value("hadron_calls_shed_total")).toBe(0);
  expect(value("hadron_connections")).toBe(1);
  expect(text).toContain('hadron_client_calls_total{service="below"} 1\n');
  for (const name of [
    "waiting",
    "waiting_limit",
    "in_flight",
    "held_bytes",
    "connections",
    "peers",
    "ejected",
    "retries_total",
    "resent_total",
    "retry_budget",
  ]) {
    expect(value(`hadron_client_${name}`), name).not.toBeNaN();
  }
  expect(value("hadron_deadlines")).not.toBeNaN();
  // A line has one HELP and one TYPE before it, as the format wants.
  const helps = [...text.matchAll(/^# HELP (\S+)/gm)].map((match) => match[1]);
  expect(new Set(helps).size).toBe(helps.length);
  expect(await callUrl(url, "above", 8)).toBe(8);
});
