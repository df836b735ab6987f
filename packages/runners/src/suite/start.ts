import { expect, test } from "vitest";
import { names, type Rig, states } from "./rig.ts";

/** What plan and apply make of an app, and what others see of it. */
export function describeStart(rig: Rig): void {
  const { app, context, endpoints, name } = rig;
  test("says that nothing is deployed where nothing is", async () => {
    expect(await rig.runner.status(app, context)).toEqual({ app, runner: name, revision: null, services: [] });
    expect(await rig.runner.delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
    expect((await rig.runner.list(context)).filter((running) => running.app === app)).toEqual([]);
    await expect(rig.runner.connect(app, context)).rejects.toMatchObject({
      code: expect.stringMatching(/WRONG_USE|RUNNER_FAILED/),
    });
  });

  test("plan lists what is to be created, and creates nothing", async () => {
    const { changes } = await rig.runner.plan(rig.program, context);
    expect(changes.length).toBeGreaterThan(0);
    expect(changes.map(({ action }) => action)).toEqual(changes.map(() => "create"));
    expect((await rig.runner.status(app, context)).revision).toBeNull();
  });

  test("apply starts every replica, and resolves when all are ready", async () => {
    const { status, changes } = await rig.runner.apply(rig.program, context);
    expect(changes.length).toBeGreaterThan(0);
    expect(status).toMatchObject({ app, runner: name, revision: expect.any(String) });
    expect(status.services.map((service) => service.name).sort()).toEqual(["back", "front"]);
    expect(status.services.find((service) => service.name === "back")?.replicas).toHaveLength(2);
    expect(states(status)).toEqual(["ready"]);
    const endpoint = status.services.find((service) => service.name === "front")?.endpoint;
    expect(endpoint).toEqual(endpoints ? expect.stringMatching(/^http:\/\//) : null);
    expect(status.services.find((service) => service.name === "back")?.endpoint).toBeNull();
  });

  test("apply of the same file changes nothing", async () => {
    expect((await rig.runner.plan(rig.program, context)).changes).toEqual([]);
    const before = await rig.runner.status(app, context);
    const { status, changes } = await rig.runner.apply(rig.program, context);
    expect(changes).toEqual([]);
    expect(status.revision).toBe(before.revision);
    expect(names(status)).toEqual(names(before));
    expect(status.services.flatMap((service) => service.replicas.map((replica) => replica.restarts))).toEqual([
      0, 0, 0,
    ]);
  });

  test("another process sees the same status, and finds the app with its procedures", async () => {
    const [mine, theirs] = await Promise.all([rig.runner.status(app, context), rig.other.status(app, context)]);
    expect({ ...theirs, services: names(theirs) }).toEqual({ ...mine, services: names(mine) });
    const listed = (await rig.other.list(context)).find((service) => service.app === app);
    expect(listed).toMatchObject({ app, runner: name });
    expect(listed?.services.find((service) => service.name === "front")).toEqual({
      name: "front",
      procedures: ["hello", "pid", "who", "version", "count", "total", "say", "given"],
      endpoint: mine.services.find((service) => service.name === "front")?.endpoint,
    });
  });
}
