import * as docker from "@hadron/runners/docker";
import { describe, expect, test } from "vitest";
import { skip } from "../../runners/test/docker/engine.ts";
import { deploy } from "./deployed-machine.ts";
import { KNOWN } from "./services/known-programs.ts";

describe.skipIf(skip !== undefined)(`the femto machine in 85 containers (${skip ?? "there is an engine"})`, () => {
  test("runs the known programs", async () => {
    await using machine = await deploy(docker);
    for (const { source, steps, output } of KNOWN) {
      expect(await machine.run({ source })).toMatchObject({ state: "halted", fault: null, steps, output });
    }
    const { services } = await machine.status();
    expect(services.length).toBe(83);
    const replicas = services.flatMap((service) => service.replicas);
    expect(replicas.length).toBe(85);
    expect(replicas.every(({ state, restarts }) => state === "ready" && restarts === 0)).toBe(true);
  }, 900_000);
});
