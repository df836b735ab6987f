import { expect, test } from "vitest";
import { type Rig, states } from "./rig.ts";

/** Another version takes the place of the one that runs. */
export function describeChanges(rig: Rig): void {
  const { app, context, suite } = rig;
  test("plan of changed code names it, and changes nothing", async () => {
    const { changes } = await rig.runner.plan(rig.next, context);
    expect(changes.length).toBeGreaterThan(0);
    expect(await rig.call("front", "version")).toEqual([1, 1]);
  });

  test("apply of changed code replaces every replica, and no call fails meanwhile", async () => {
    const before = await rig.runner.status(app, context);
    const answers = await rig.callingDuring("front", "version", () => rig.runner.apply(rig.next, context));
    const after = await rig.runner.status(app, context);
    expect(after.revision).not.toBe(before.revision);
    expect(states(after)).toEqual(["ready"]);
    const [was, is] = [before, after].map((status) => status.services.find(({ name }) => name === "front")?.endpoint);
    if (suite.endpointsMove) expect(is).toEqual(expect.stringMatching(/^http:/));
    else expect(is).toBe(was);
    expect(await rig.call("front", "version")).toEqual([2, 2]);
    expect(answers.length).toBeGreaterThan(0);
    expect((await rig.runner.plan(rig.next, context)).changes).toEqual([]);
  });
}
