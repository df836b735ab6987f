import { openHost } from "@hadron/core/cli/shared";
import type { RunContext } from "@hadron/core/spi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readObject } from "../../src/kubernetes/api/send.ts";
import { selectorOf } from "../../src/kubernetes/objects/labels.ts";
import { pathOf } from "../../src/kubernetes/objects/objects.ts";
import { makeSecrets } from "../../src/kubernetes/rollout/generate.ts";
import { listObjects } from "../../src/kubernetes/world/world.ts";
import { skip, useNamespace } from "./cluster.ts";
import { call, context, fixture, runnerFor } from "./harness.ts";
import { topologyOf } from "./topologies.ts";

const space = useNamespace();
const { signal } = context;
const app = "kept";

describe.skipIf(skip !== undefined)(`what an app keeps (${skip ?? "there is a cluster"})`, { timeout: 120_000 }, () => {
  const runner = runnerFor(space.env);
  const steps: string[] = [];
  const watched: RunContext = {
    ...context,
    progress: { note() {}, step: (subject, detail) => void steps.push(`${subject}: ${detail}`) },
  };
  beforeAll(async () => {
    await runner.apply(await fixture("kept.ts", app), watched);
  }, 120_000);
  afterAll(async () => void (await runner.delete(app, { data: true }, context)), 60_000);

  const secret = async () => (await readObject(space.api, "Secret", "kept-generated", signal))?.data ?? {};

  test("an image runs with its command, arguments, user and storage; each of its ports is found by its name", async () => {
    const api = await call(runner, app, "diary", "ask", 6001);
    expect(api).toMatchObject({ port: 6001, uid: 1234, gid: 2345, starts: ["given"] });
    expect(await call(runner, app, "diary", "ask", 6002)).toMatchObject({ port: 6002 });
  });

  test("code asks where a port of an image is: inside the app, and outside of it, through a way that it opens", async () => {
    expect(await call(runner, app, "diary", "askAt", "admin")).toMatchObject({ port: 6002 });
    await using connected = await runner.connect(app, context);
    const host = await openHost(app, connected.directory, connected.address);
    const addressOf = (name: string, number: number) => host.address("server", { name, number });
    const [api, admin, again] = await Promise.all([
      addressOf("api", 6001),
      addressOf("admin", 6002),
      addressOf("admin", 6002),
    ]);
    expect([api.host, again]).toEqual(["127.0.0.1", admin]);
    expect(await (await fetch(`http://${api.host}:${api.port}/`)).json()).toMatchObject({ port: 6001 });
    expect(await (await fetch(`http://${admin.host}:${admin.port}/`)).json()).toMatchObject({ port: 6002 });
    host.close();
  });

  test("up has waited for the line by which an image says that it is ready", () => {
    expect(steps).toContain("server: waiting for a line of its log that matches /open for \\w+$/");
  });

  test("a generated secret is made once, and reaches those who name it, and nobody else", async () => {
    const { SERVER_KEY, DIARY_KEY } = await secret();
    const [server, diary] = [SERVER_KEY, DIARY_KEY].map((text = "") => Buffer.from(text, "base64").toString());
    expect(server).toMatch(/^[\w-]{43}$/);
    expect(diary).not.toBe(server);
    expect(await call(runner, app, "diary", "ask", 6001)).toMatchObject({ key: server, file: server, other: null });
    expect(await call(runner, app, "diary", "keys")).toEqual([diary, undefined]);
    // Not in what anybody is shown.
    const program = await fixture("kept.ts", app);
    const shown = [steps, await runner.plan(program, context), await runner.status(app, context), program.topology];
    const text = JSON.stringify(shown) + (await runner.export(program, context));
    for (const value of [server, diary, SERVER_KEY, DIARY_KEY]) expect(text).not.toContain(value);
    expect(text).toContain("kubectl create secret generic kept-generated --from-literal=DIARY_KEY=");
  });

  test("a later up changes nothing, and keeps it", async () => {
    const before = await secret();
    expect((await runner.apply(await fixture("kept.ts", app), context)).changes).toEqual([]);
    expect(await secret()).toEqual(before);
  });

  test("of two who make secrets at once neither undoes the other's; what is there is never made anew", async () => {
    const make = (...names: string[]) => makeSecrets(space.api, topologyOf("pair", []), names, signal);
    await Promise.all([make("A"), make("A", "B"), make("C", "A")]);
    const first = (await readObject(space.api, "Secret", "pair-generated", signal))?.data ?? {};
    expect(Object.keys(first).sort()).toEqual(["A", "B", "C"]);
    await make("B", "D");
    const then = (await readObject(space.api, "Secret", "pair-generated", signal))?.data ?? {};
    expect(then).toEqual({ ...first, D: then.D });
  });

  test("a Secret of that name that is not ours is left alone, and told", async () => {
    const body = { metadata: { name: "own-generated" }, data: { A: "eA==" } };
    const path = `/api/v1/namespaces/${space.name}/secrets`;
    await space.api.json({ method: "POST", path, body, what: "make one", signal });
    await expect(makeSecrets(space.api, topologyOf("own", []), ["A", "B"], signal)).rejects.toThrow(
      /There is a Secret "own-generated" in namespace .*, and it was not made by Hadron: it is left alone/,
    );
    expect((await readObject(space.api, "Secret", "own-generated", signal))?.data).toEqual({ A: "eA==" });
  });

  test("a single replica's storage has one owner at a time, through a redeploy and a pod that is deleted", async () => {
    await runner.apply(await fixture("kept-next.ts", app), context);
    const [pod] = (await listObjects(space.api, "Pod", selectorOf(app), signal)).filter(
      ({ metadata }) => metadata.labels?.["app.kubernetes.io/name"] === "diary",
    );
    await space.api.json({
      method: "DELETE",
      path: `/api/v1/namespaces/${space.name}/pods/${pod?.metadata.name}`,
      what: "delete a pod",
      signal,
    });
    // A call waits for the replica that takes its place.
    const owners = await call(runner, app, "diary", "owners");
    expect(owners).toEqual(["begins", "ends", "begins", "ends", "begins"]);
    const { services } = await runner.status(app, context);
    expect(services.flatMap(({ replicas }) => replicas.map(({ name }) => name))).toEqual(["server.0", "diary.0"]);
  });

  test("an up that was interrupted before the line came waits for it when it is run again", async () => {
    await runner.delete(app, { data: false }, context);
    const program = await fixture("kept.ts", app);
    const cut = new AbortController();
    const step = (_: string, detail: string) => detail.startsWith("waiting for a line") && cut.abort(new Error("cut"));
    await expect(runner.apply(program, { signal: cut.signal, progress: { note() {}, step } })).rejects.toThrow("cut");
    steps.length = 0;
    expect((await runner.apply(program, watched)).changes).toEqual([]);
    expect(steps).toContain("server: waiting for a line of its log that matches /open for \\w+$/");
    const query = { container: "image" };
    const path = `${pathOf("Pod", space.name, "kept-server-0")}/log`;
    expect(await space.api.text({ path, query, what: "read a log", signal })).toContain("open for business");
  });
});
