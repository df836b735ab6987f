import { once } from "node:events";
import { watch } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { image, onStart, run, service } from "@hadron/core";
import { Money } from "./money.ts";
import { Money as OtherMoney } from "./other-money.ts";
import { HOLLOW, HOSTILE, WHOLE } from "./values.ts";

/* What works on a laptop and often does not elsewhere: texts, names, what is thrown, what is logged, what hangs. */

// What keeps a process alive: a timer, a socket that listens, a folder that is watched.
setInterval(() => {}, 60_000);
createServer().listen(0, "127.0.0.1");
watch(tmpdir(), () => {});

class Item {
  readonly id = 1;
  static make() {
    return new Item();
  }
}
class NotFound extends Error {
  static of(id: string) {
    return new NotFound(id);
  }
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}
class Order {
  static label = Order.name;
  readonly items = [];
}

const TEXTS = {
  PRICE: "$$5",
  TEMPLATE: "$(HADRON_APP)/x",
  REF: "$(PRICE)",
  LINES: "a\nb\t\\n",
  QUOTES: `"'\`#{x}%s`,
  EMPTY: "",
  WIDE: "größe 🎉",
  constructor: "a",
};

/** Which image that is, only this machine knows: what is declared must be the same in every replica. */
const BASE = process.env.EDGES_IMAGE ?? process.env.HADRON_BASE_IMAGE ?? "node:24-slim";
const here = { EDGES_IMAGE: BASE };

/** Configured by whoever deploys: only its own replicas have it. */
export const configured = service("configured", () => [process.env.MODE, process.env.MORE, process.env.NODE_ENV], {
  env: {
    ...here,
    MODE: process.env.EDGES_MODE ?? "dev",
    MORE: JSON.stringify({ mode: process.env.EDGES_MODE ?? "dev", level: Number(process.env.EDGES_LEVEL ?? 1) }),
  },
});

/** An image that tells its arguments; where no containers run, a part says the same. */
const TELL_ARGUMENTS = `require("node:http").createServer((_, response) => response.end(JSON.stringify(process.argv.slice(1)))).listen(6001)`;
const ARGUMENTS = ["--requirepass", "pa$$word-$HOME-$(PATH)", "$" + "{HOME:?}", "a b'c\"d"];
const standIn = {
  async [onStart]() {
    const server = createServer((_, response) => response.end(JSON.stringify(ARGUMENTS)));
    await once(server.listen(0, "127.0.0.1"), "listening");
    return { addresses: { http: `127.0.0.1:${(server.address() as AddressInfo).port}` } };
  },
};

export const told = service(
  "told",
  image(BASE, {
    command: ["node", "-e", TELL_ARGUMENTS, "--"],
    args: ARGUMENTS,
    ports: { http: 6001 },
    env: here,
    standIn,
  }),
);

export const edge = service(
  "edge",
  {
    mode: () => configured(),
    classes: () => [
      Item.make().constructor.name,
      NotFound.of("x").name,
      Order.label,
      Money.label,
      OtherMoney.make().constructor.name,
      HOLLOW.keys?.name,
    ],
    hollow: (name: string): unknown => HOLLOW[name]?.(),
    whole: (name: string): unknown => WHOLE[name]?.(),
    all: (): unknown => Object.fromEntries(Object.entries(WHOLE).map(([name, make]) => [name, make()])),
    cause: () => {
      throw new Error("could not load", { cause: new Error("connect ECONNREFUSED db:5432") });
    },
    many: () => {
      throw new AggregateError([new Error("first"), new Error("second")], "all failed");
    },
    nested: () => {
      const cause = new AggregateError([Object.assign(new Error("refused"), { host: "db.internal" })], "no host");
      throw new Error("could not start", { cause });
    },
    object: () => {
      throw { code: "23505", message: "duplicate key" };
    },
    log: (_: unknown, { log }) =>
      log.info("real", { message: "user's", time: "user's", level: "user's", error: new Error("lost") }),
    talk: (lines: readonly [letter: string, count: number][]) =>
      void process.stdout.write(lines.map(([letter, count]) => `${letter.repeat(count)}END\n`).join("")),
    arguments: async () => {
      const { host, port } = await told.address("http");
      return (await fetch(`http://${host}:${port}/`)).json();
    },
    /** What a caller of its own sees of a call that fails beside one that does not. */
    beside: async (kind: string) => {
      const slow = thrower.slow().catch((error) => error.code);
      const bad = [await thrower.sync(kind).catch(codeOf), await thrower.async(kind).catch(codeOf)];
      await thrower.finish();
      return { bad, slow: await slow };
    },
  },
  { env: here, expose: true },
);
const codeOf = (error: { code?: string }) => error.code;

let finish = Promise.withResolvers<string>();
export const thrower = service(
  "thrower",
  {
    sync: (kind: string) => {
      throw HOSTILE[kind]?.();
    },
    async: async (kind: string) => {
      await null;
      throw HOSTILE[kind]?.();
    },
    slow: () => {
      finish = Promise.withResolvers();
      return finish.promise;
    },
    finish: () => finish.resolve("done"),
  },
  { env: here },
);

export const texts = service(
  "constructor",
  { toString: () => Object.keys(TEXTS).map((name) => process.env[name]) },
  { env: { ...here, ...TEXTS } },
);

const hangs = { env: here, limits: { hangMs: 2000 } };
export const hang = service(
  "hang",
  {
    loop: () => {
      for (;;);
    },
    ok: () => "ok",
  },
  hangs,
);
/** Turns of promises without end: no timer and no socket has its turn. */
export const hangInTurns = service(
  "hang.turns",
  {
    loop: async () => {
      for (;;) await null;
    },
    ok: () => "ok",
  },
  hangs,
);
export const hangAsleep = service(
  "hang.asleep",
  { loop: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), ok: () => "ok" },
  hangs,
);

/** Packages that are made by the test: each wants something else of the place where it runs. */
export const packages = service(
  "packages",
  {
    files: async () => (await import("reads-own-files" as string)).text(),
    worker: async () => (await import("starts-worker" as string)).ask(20),
    place: async () => (await import("asks-its-place" as string)).default(),
    computed: async () => (await import("requires-computed" as string)).load("two"),
    effect: async () => (await import("has-effects" as string)).default(),
    driver: async (name: string) => {
      const drivers = await import("has-optional-parts" as string);
      try {
        return drivers[name]();
      } catch (error) {
        return (error as { code?: string }).code;
      }
    },
  },
  { env: here },
);

/** A source as large as those of several large packages; its map is larger. */
export const large = service(
  "large",
  {
    /** What the first trace of a process costs, and many more of other places. */
    cost: async () => {
      const { places } = await import("./large/größe.ts" as string);
      const before = process.memoryUsage().heapUsed;
      for (const place of places) void place().stack;
      return process.memoryUsage().heapUsed - before;
    },
    where: async () => (await import("./large/größe.ts" as string)).places.at(-1)().stack,
    fail: async () => (await import("./large/größe.ts" as string)).fail(),
  },
  { env: here, capacity: { memoryMiB: 128 } },
);

await run(configured, told, edge, thrower, texts, hang, hangInTurns, hangAsleep, packages, large);
