import { image, service } from "@hadron/core";
import { compose, mainPort } from "@hadron/core/spi";
import { expect, test } from "vitest";

const topologyOf = (...args: Parameters<typeof image>) =>
  compose("test", [service("store", image(...args))]).topology.services[0]!.image!;

test("an image says nothing that was not declared", () => {
  expect(topologyOf("redis:7")).toEqual({ reference: "redis:7", args: [], ports: {} });
  expect(mainPort(topologyOf("redis:7"))).toBeNull();
});

test("an image says its ports, in order, its command, its user and when it is ready", () => {
  const declared = topologyOf("postgres:18", {
    command: ["postgres"],
    args: ["-c", "fsync=on"],
    ports: { sql: 5432, metrics: 9187 },
    ready: { command: ["pg_isready"] },
    user: { uid: 70 },
  });
  expect(declared).toEqual({
    reference: "postgres:18",
    command: ["postgres"],
    args: ["-c", "fsync=on"],
    ports: { sql: 5432, metrics: 9187 },
    ready: { command: ["pg_isready"] },
    user: { uid: 70, gid: 70 },
  });
  expect(mainPort(declared)).toBe(5432);
});

test("one port needs no name", () => {
  expect(topologyOf("redis:7", { port: 6379 }).ports).toEqual({ main: 6379 });
});

test.each([
  [{ ports: { Redis: 6379 } }, '"Redis" cannot name a port: use lower-case letters'],
  [{ ports: { "a-name-of-sixteen": 1 } }, "at most 15"],
  [{ port: 0 }, "port main is 0, and should be a whole number from 1 to 65535"],
  [{ port: 1, ports: { redis: 2 } }, "port and ports are said both"],
  [{ args: "--save" }, "args should be a list of strings"],
  [{ command: [] }, "command is empty"],
  [{ user: { uid: -1 } }, "user: -1 should be a number, from 0"],
  [{ ready: { tcp: "main" } }, 'ready: there is no port "main"; no port is declared'],
  [{ port: 80, ready: { tcp: "http" } }, 'there is no port "http"; there are main'],
  [{ port: 80, ready: { http: { port: "main", path: "live" } } }, 'the path "live" begins with no "/"'],
  [{ ready: { command: [] } }, "command should be a list of strings"],
  [{ ready: { log: "(" } }, "ready: Invalid regular expression"],
  [{ ready: { sleep: 5 } }, '"sleep" is no way to tell; there are tcp, http, command, log'],
  [{ port: 80, ready: { tcp: "main", log: "up" } }, "tcp and log are too many"],
  [{ prots: {} }, 'knows no option "prots"; there are args, command, port'],
])("image option %j is refused: %s", (options, message) => {
  expect(() => image("redis:7", options as never)).toThrow(message);
});
