import { openHost } from "@hadron/core/cli/shared";
import { describe, expect, test } from "vitest";
import { selectorOf } from "../../src/kubernetes/objects/labels.ts";
import { OWN_KINDS } from "../../src/kubernetes/objects/objects.ts";
import { listObjects } from "../../src/kubernetes/world/world.ts";
import { eventually } from "../../src/suite.ts";
import { skip, useNamespace } from "./cluster.ts";
import { FaultProxy, type Seen } from "./fault-proxy.ts";
import { call, context, fixture, runnerFor } from "./harness.ts";

const space = useNamespace();
const { signal } = context;

describe.skipIf(skip !== undefined)(
  `an API server that fails (${skip ?? "there is a cluster"})`,
  { timeout: 600_000 },
  () => {
    const direct = () => runnerFor(space.env);
    const through = (proxy: FaultProxy) => runnerFor({ ...space.env, ...proxy.env }, { namespace: space.name });
    const left = async (app: string) =>
      (await Promise.all(OWN_KINDS.map((kind) => listObjects(space.api, kind, selectorOf(app), signal)))).flat();

    test("interrupted at every change in turn, before or after it got there, the next up or delete finishes", async () => {
      const app = "stopped";
      const program = await fixture("web.ts", app);
      let changes = 0;
      for (let at = 1; ; at++) {
        await using proxy = await FaultProxy.start();
        const stop = new AbortController();
        changes = 0;
        proxy.fate = (seen: Seen) => {
          if (!seen.isChange || ++changes !== at) return "pass";
          // The answer never comes: the process is gone by then.
          setTimeout(() => stop.abort(new Error("interrupted")), 20);
          return at % 2 === 0 ? "cut before" : "cut after";
        };
        const applied = through(proxy).apply(program, { ...context, signal: stop.signal });
        const finished = await applied.then(
          () => true,
          () => false,
        );
        if (at % 2 === 0) {
          const { status } = await direct().apply(program, context);
          expect(status.services[0]!.replicas.map((one) => one.state)).toEqual(["ready", "ready"]);
          expect((await direct().plan(program, context)).changes).toEqual([]);
        }
        expect(await direct().delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
        expect(await left(app)).toEqual([]);
        if (finished) break;
      }
      expect(changes).toBeGreaterThan(5);
    });

    test("a roll-out of shards that is interrupted is finished by the next up", async () => {
      const app = "halfway";
      await direct().apply(await fixture("tree.ts", app), context);
      const next = await fixture("tree-next.ts", app);
      await using proxy = await FaultProxy.start();
      const stop = new AbortController();
      proxy.fate = ({ method, path }) => {
        // When the second batch of shards is to go.
        if (method === "DELETE" && path.includes("/pods/") && !path.endsWith("leaf-3"))
          stop.abort(new Error("interrupted"));
        return "pass";
      };
      await expect(through(proxy).apply(next, { ...context, signal: stop.signal })).rejects.toThrow();
      expect((await call(direct(), app, "tree", "tree")).length).toBe(5);
      await direct().apply(next, context);
      expect(await call(direct(), app, "tree", "tree")).toEqual([2, 2, 2, 2, 2]);
      expect((await direct().plan(next, context)).changes).toEqual([]);
      expect(await direct().delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
    });

    test.each([
      ["too many requests", { status: 429, headers: { "retry-after": "1" } }],
      [
        "a race with another writer",
        {
          status: 409,
          body: {
            kind: "Status",
            code: 409,
            reason: "Conflict",
            message: "the object has been modified; please apply your changes to the latest version",
          },
        },
      ],
      ["an internal error", { status: 500 }],
      ["an overloaded proxy", { status: 503 }],
      ["a connection that breaks before the request", "cut before" as const],
      ["a connection that breaks after it", "cut after" as const],
    ])("%s at the first of each request: up and delete go on", async (_, fate) => {
      const app = "spoilt";
      await using proxy = await FaultProxy.start();
      const spoilt = new Set<string>();
      proxy.fate = ({ method, path, isChange }) => {
        const applies = typeof fate === "object" && fate.status === 409 ? isChange && method === "PATCH" : true;
        if (!applies || spoilt.has(`${method} ${path}`)) return "pass";
        spoilt.add(`${method} ${path}`);
        return fate;
      };
      proxy.seen.length = 0;
      // The very first answer tells a server that is away from one that was never there.
      spoilt.add(`GET /api/v1/namespaces/${space.name}/serviceaccounts`);
      const { status } = await through(proxy).apply(await fixture("web.ts", app), context);
      expect(status.services[0]!.replicas.map((one) => one.state)).toEqual(["ready", "ready"]);
      expect(spoilt.size).toBeGreaterThan(5);
      expect(await through(proxy).delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
    });

    test("watches whose place has expired (410) begin anew", async () => {
      const app = "expired";
      await using proxy = await FaultProxy.start();
      proxy.watchMs = 300;
      const { status } = await through(proxy).apply(await fixture("tree.ts", app), context);
      expect(status.services.flatMap((one) => one.replicas.map(({ state }) => state))).toEqual(Array(5).fill("ready"));
      expect(proxy.seen.filter((one) => one.isWatch).length).toBeGreaterThan(6);
      expect(await through(proxy).delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
    });

    test("what is connected, and logs that are followed, come back when every connection was lost", async () => {
      const app = "back";
      await direct().apply(await fixture("web.ts", app), context);
      await using proxy = await FaultProxy.start();
      const runner = through(proxy);
      const stop = new AbortController();
      const pods = new Set<string>();
      const following = (async () => {
        for await (const { replica, line } of runner.logs(
          app,
          { service: "web", follow: true },
          { ...context, signal: stop.signal },
        )) {
          if (line.includes('"event":"ready"')) pods.add(replica);
        }
      })();
      await using connected = await runner.connect(app, context);
      const host = await openHost(app, connected.directory);
      const hello = () => host.call("web", "hello", "Ann", { timeoutMs: 30_000 });
      expect(await hello()).toBe("Hello, Ann!");
      proxy.down();
      proxy.up();
      // A call that was on the way when the connection broke may have run: it fails, and says so. The next one goes through.
      await eventually(async () => ((await hello().catch(() => undefined)) === "Hello, Ann!" ? true : undefined));
      // New pods are found by a watch that was cut as well.
      await direct().scale(app, "web", 4, context);
      await eventually(() => (pods.size === 4 && connected.directory.members("web").length === 4 ? true : undefined));
      expect(await hello()).toBe("Hello, Ann!");
      host.close();
      stop.abort();
      await following;
      expect(await direct().delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
    });

    test("an API server that is away for five seconds in the middle of an up", async () => {
      const app = "away";
      await using proxy = await FaultProxy.start();
      let isBegun = false;
      proxy.fate = ({ isChange, path }) => {
        if (isBegun || !isChange || !path.includes("/deployments/")) return "pass";
        isBegun = true;
        proxy.down();
        setTimeout(() => proxy.up(), 5000);
        return "cut after";
      };
      const { status } = await through(proxy).apply(await fixture("web.ts", app), context);
      expect(isBegun).toBe(true);
      expect(status.services[0]!.replicas.map((one) => one.state)).toEqual(["ready", "ready"]);
      expect(await through(proxy).delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
    });
  },
);
