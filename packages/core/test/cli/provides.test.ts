import { expect, test } from "vitest";
import { image, service } from "../../src/index.ts";
import { enter } from "./command-rig.ts";

const cache = service("cache", image("redis:7", { port: 6379 }));
const vault = service("vault", () => 1, { generated: ["PASSWORD"] });

test.each(["up", "plan", "export"])("%s refuses what the runner cannot do, and says which can", async (verb) => {
  const { status, err, runner } = await enter({ services: [cache], argv: [verb] });
  expect(status).toBe(2);
  expect(err).toBe(
    'WRONG_USE: "cache" is the image redis:7, and the local runner runs no containers: use --runner=docker or ' +
      "--runner=kubernetes, or give it a part that takes its place, image(…, { standIn }).\n",
  );
  expect(runner.applied).toBeUndefined();
});

test("what no runner that is installed can do is said so", async () => {
  const { status, err } = await enter({ services: [vault], argv: ["up", "--runner=docker"] });
  expect(status).toBe(2);
  expect(err).toContain(
    '"vault" asks for generated secrets (PASSWORD), and the docker runner makes none: no runner that is installed does.',
  );
});

test("a runner that can is asked, and so is one for what needs nothing of it", async () => {
  expect((await enter({ services: [cache], argv: ["plan", "--runner=docker"] })).status).toBe(0);
  expect((await enter({ services: [cache], argv: ["status"] })).status).toBe(0);
  expect((await enter({ services: [cache], argv: ["describe"] })).status).toBe(0);
});
