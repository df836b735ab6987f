import { image, service } from "@hadron/core";
import type { RunContext } from "@hadron/core/spi";
import { describe, expect, test } from "vitest";
import { readObject } from "../../src/kubernetes/api/send.ts";
import { NAME, selectorOf } from "../../src/kubernetes/objects/labels.ts";
import { type Pod, pathOf } from "../../src/kubernetes/objects/objects.ts";
import { isPodReady } from "../../src/kubernetes/world/pods.ts";
import { listObjects } from "../../src/kubernetes/world/world.ts";
import { toProgram } from "../../src/suite.ts";
import { skip, useNamespace } from "./cluster.ts";
import { context, runnerFor } from "./harness.ts";

const space = useNamespace();
const { signal } = context;
const app = "lines";
const BASE = process.env.HADRON_BASE_IMAGE ?? "node:24-slim";
/** Its port answers at once. Its line comes when it is asked for, or at once where it is told so. */
const SERVER = `
const say = () => console.log("open for business");
require("node:http").createServer((request, response) => { if (request.url === "/open") say(); response.end(); }).listen(6001);
if (process.argv[1] === "at once") say();`;

/** They end when they are killed. */
const limits = { limits: { drainMs: 100 } };

const declared = (word: string, beside = "1") =>
  toProgram(import.meta.filename, app, [
    service(
      "server",
      image(BASE, {
        command: ["node", "-e", SERVER],
        args: [word],
        ports: { http: 6001 },
        ready: { log: "^open for business$" },
      }),
      limits,
    ),
    service("beside", image(BASE, { command: ["sleep", "infinity"], env: { VERSION: beside } }), limits),
  ]);

describe.skipIf(skip !== undefined)(`an image that says when it is ready (${skip ?? "on a cluster"})`, () => {
  const runner = runnerFor(space.env);
  const podsOf = async (service: string) => {
    const pods = await listObjects(space.api, "Pod", selectorOf(app), signal);
    return pods.filter(
      ({ metadata }) => metadata.labels?.[NAME] === service && metadata.deletionTimestamp === undefined,
    );
  };
  const idsOf = async (service: string) => (await podsOf(service)).map(({ metadata }) => metadata.uid);

  /** An `up` that stands until the line has come. */
  const waiting = async (word: string) => {
    const stop = new AbortController();
    const waits = Promise.withResolvers<void>();
    const step = (_: string, detail: string) => void (detail.startsWith("waiting for a line") && waits.resolve());
    const watched: RunContext = { signal: stop.signal, progress: { note() {}, step } };
    const applied = runner.apply(declared(word, "2"), watched);
    await Promise.race([waits.promise, applied]);
    return { applied, stop: () => stop.abort(new Error("stopped")) };
  };

  test("is not replaced where something beside it changes", { timeout: 120_000 }, async () => {
    await runner.apply(declared("at once"), context);
    const before = await Promise.all([idsOf("server"), idsOf("beside")]);
    await runner.apply(declared("at once", "2"), context);
    const after = await Promise.all([idsOf("server"), idsOf("beside")]);
    expect(after[0]).toEqual(before[0]);
    expect(after[1]).not.toEqual(before[1]);
  });

  test("takes the place of the one before when its line has come, not when its port answers", {
    timeout: 120_000,
  }, async () => {
    const [before] = await idsOf("server");
    const first = await waiting("later");
    const both: readonly Pod[] = await podsOf("server");
    expect(both.map(isPodReady)).toEqual([true, true]);
    expect(both.map(({ metadata }) => metadata.uid)).toContain(before);

    // What was interrupted holds as long, and the next up goes on.
    first.stop();
    await expect(first.applied).rejects.toThrow("stopped");
    const second = await waiting("later");
    expect((await idsOf("server")).toSorted()).toEqual(both.map(({ metadata }) => metadata.uid).toSorted());

    const after = both.find(({ metadata }) => metadata.uid !== before)?.metadata;
    await space.api.text({
      path: `${pathOf("Pod", space.name, `${after?.name}:6001`)}/proxy/open`,
      what: "ask for its line",
      signal,
    });
    await second.applied;
    expect(await idsOf("server")).toEqual([after?.uid]);
    expect(await runner.plan(declared("later", "2"), context)).toEqual({ changes: [] });
    const live = await readObject(space.api, "Deployment", "lines-server", signal);
    expect(live?.spec).toMatchObject({ strategy: { rollingUpdate: { maxSurge: "25%" } } });
    expect(live?.spec?.minReadySeconds ?? 0).toBe(0);
    await runner.delete(app, { data: true }, context);
  });
});
