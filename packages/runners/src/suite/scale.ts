import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { type Rig, serviceOf } from "./rig.ts";

/** How many replicas there are, and who may change that at a time. */
export function describeScale(rig: Rig): void {
  const { app, context } = rig;
  test("scale adds replicas and takes them away, and no call fails meanwhile", async () => {
    const answers = await rig.callingDuring("front", "who", async () => {
      await rig.other.scale(app, "back", 4, context);
      await eventually(async () => {
        const { replicas } = serviceOf(await rig.runner.status(app, context), "back");
        return replicas.length === 4 && replicas.every((replica) => replica.state === "ready") ? true : undefined;
      });
      expect((await rig.runner.plan(rig.program, context)).changes).not.toEqual([]);
      await rig.other.scale(app, "back", 1, context);
      await eventually(async () => {
        const { replicas } = serviceOf(await rig.runner.status(app, context), "back");
        return replicas.length === 1 ? true : undefined;
      });
    });
    expect(answers.length).toBeGreaterThan(0);
  });

  test("scale refuses a service that there is not, and says which was meant", async () => {
    await expect(rig.other.scale(app, "bakc", 2, context)).rejects.toMatchObject({
      code: "WRONG_USE",
      message: expect.stringContaining('Did you mean "back"?'),
    });
  });

  test("scale refuses a number that the service cannot have", async () => {
    for (const count of [0, 10_001]) {
      await expect(rig.other.scale(app, "back", count, context)).rejects.toMatchObject({
        code: "WRONG_USE",
        message: `"back" cannot have ${count} replicas: from 1 to 10000.`,
      });
    }
  });

  test("of two that change the app at once the second waits; one that may not is told who is at it", async () => {
    const begun = Promise.withResolvers<void>();
    const progress = { step: () => begun.resolve(), note() {} };
    const first = rig.runner.scale(app, "back", 3, { ...context, progress });
    await Promise.race([begun.promise, first]);
    const [impatient, patient] = await Promise.allSettled([
      rig.other.scale(app, "back", 4, { ...context, waitMs: 0 }),
      rig.other.scale(app, "back", 2, context),
    ]);
    await first;
    expect(impatient).toMatchObject({
      status: "rejected",
      reason: {
        code: "RUNNER_FAILED",
        message: expect.stringMatching(/is being changed by another command: scale .*process \d+.*Nothing was changed/),
      },
    });
    expect(patient.status).toBe("fulfilled");
    const { services } = await rig.runner.status(app, context);
    expect(services.find(({ name }) => name === "back")?.replicas).toHaveLength(2);
  });

  test("apply puts the declared number back", async () => {
    const { status } = await rig.runner.apply(rig.program, context);
    expect(status.services.find((service) => service.name === "back")?.replicas).toHaveLength(2);
    expect((await rig.runner.plan(rig.program, context)).changes).toEqual([]);
  });
}
