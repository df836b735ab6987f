import { type Context, onStart, type StartContext, service } from "@hadron/core";
import { child, compose, pattern } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { scatter } from "@hadron/patterns";
import { expect, test } from "vitest";

const echo = service("echo", (input: string) => input);

/** A service that tells what becomes of it. */
function living(events: string[], more: { readonly start?: (context: StartContext) => unknown } = {}) {
  return pattern({
    name: "living",
    children: {},
    root: () => {
      let ticks = 0;
      return {
        ticks: () => ticks,
        async [onStart](context: StartContext) {
          events.push(`start ${context.replica.name}`);
          context.signal.addEventListener("abort", () => events.push("abort"));
          ticks = 1;
          await more.start?.(context);
        },
        async [Symbol.asyncDispose]() {
          events.push("dispose");
        },
      };
    },
  });
}

test("a replica starts before it is called, stops and is disposed of when the app is closed", async () => {
  const events: string[] = [];
  const alive = service("alive", living(events));
  {
    await using _app = await start(alive);
    expect(events).toEqual(["start alive.0"]);
    expect(await alive.ticks()).toBe(1);
  }
  expect(events).toEqual(["start alive.0", "abort", "dispose"]);
});

test("nothing starts where an app is only composed", () => {
  const events: string[] = [];
  expect(compose("test", [service("alive", living(events))]).topology.services[0]!.procedures).toEqual(["ticks"]);
  expect(events).toEqual([]);
});

test("a replica that is killed is stopped, and not disposed of; its next one starts anew", async () => {
  const events: string[] = [];
  const alive = service("alive", living(events));
  await using app = await start(alive);
  app.replica(alive).kill({ away: true });
  expect(events).toEqual(["start alive.0", "abort"]);
  app.replica(alive).restart();
  expect(app.replica(alive).state).toBe("starting");
  expect(await alive.ticks()).toBe(1);
  expect(app.replica(alive).state).toBe("ready");
  expect(events).toEqual(["start alive.0", "abort", "start alive.0"]);
});

test("callers wait for a replica that starts", async () => {
  const gate = Promise.withResolvers<void>();
  let first = true;
  const alive = service("alive", living([], { start: () => (first ? undefined : gate.promise) }));
  await using app = await start(alive);
  first = false;
  app.replica(alive).restart();
  const answer = alive.ticks();
  expect(app.replica(alive).state).toBe("starting");
  gate.resolve();
  expect(await answer).toBe(1);
});

test("a start that fails is a replica that failed, and the app does not start", async () => {
  const events: string[] = [];
  const alive = service(
    "alive",
    living(events, {
      start: () => {
        throw new Error("no disk");
      },
    }),
  );
  await expect(start(echo, alive)).rejects.toMatchObject({
    code: "INTERNAL",
    message: "alive.0: its start failed: no disk",
  });
  expect(events).not.toContain("dispose");
});

test("a restart whose start fails says why to callers", async () => {
  let broken = false;
  const alive = service(
    "alive",
    living([], {
      start: () => {
        if (broken) throw new Error("no disk");
      },
    }),
  );
  await using app = await start(alive);
  broken = true;
  app.replica(alive).restart();
  await expect(alive.ticks()).rejects.toThrow("alive.0: its start failed: no disk");
  expect(app.replica(alive).state).toBe("failed");
});

test("start and what it begins call others, each call with its own deadline", async () => {
  const seen: Record<string, number> = {};
  const left = service("left", (name: string, { deadline }: Context) => {
    seen[name] = Math.round((deadline.getTime() - Date.now()) / 1000);
  });
  const done = Promise.withResolvers<void>();
  const alive = service(
    "alive",
    living([], {
      start: async () => {
        await left.with({ timeoutMs: 5000 })("start");
        setImmediate(() => void left("later").then(done.resolve, done.reject));
      },
    }),
  );
  await using _app = await start(alive, left);
  await done.promise;
  expect(seen).toEqual({ start: 5, later: 30 });
});

test("an object of handlers and a single handler may have a life; the client shows their procedures alone", async () => {
  const events: string[] = [];
  const object = service("object", { ping: () => "pong", [onStart]: () => void events.push("object") });
  const handler = service(
    "handler",
    Object.assign(() => "pong", { [onStart]: () => void events.push("handler") }),
  );
  await using _app = await start(object, handler);
  expect(events.sort()).toEqual(["handler", "object"]);
  expect(await object.ping()).toBe("pong");
  expect(await handler()).toBe("pong");
  // @ts-expect-error: what a replica does by itself cannot be called
  expect(object[onStart]).toBeUndefined();
});

test("a part may work without being called at all", async () => {
  const events: string[] = [];
  const silent = service("silent", {
    [onStart]: () => void events.push("start"),
    [Symbol.asyncDispose]: async () => void events.push("dispose"),
  });
  expect(compose("test", [silent]).topology.services[0]!.procedures).toEqual([]);
  const app = await start(silent);
  await app.close();
  expect(events).toEqual(["start", "dispose"]);
});

test("each shard has a life of its own, and a root calls its children in its start", async () => {
  const starts: string[] = [];
  const leaf = pattern({
    name: "leaf",
    children: {},
    root: () =>
      Object.assign(() => 1, { [onStart]: ({ replica }: StartContext) => void starts.push(`${replica.index}`) }),
  });
  const sum = service(
    "sum",
    scatter(3, leaf, (ones: number[]) => ones.length),
  );
  const top = service(
    "top",
    pattern({
      name: "warm",
      children: { below: child(sum) },
      root: ({ below }) => {
        let warm: unknown;
        return Object.assign(() => warm, {
          async [onStart]() {
            warm = await below.call("sum", undefined);
          },
        });
      },
    }),
  );
  await using _app = await start(top);
  expect(await top()).toBe(3);
  expect(starts.sort()).toEqual(["0", "1", "2"]);
});

test("what is no function is refused where it is declared", () => {
  expect(() => service("a", { b: () => 1, [onStart]: 5 } as never)).toThrow("[onStart] is number");
});
