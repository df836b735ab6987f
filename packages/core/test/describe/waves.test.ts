import { scatter } from "@hadron/patterns";
import { expect, test } from "vitest";
import { service } from "../../src/index.ts";
import { compose, defineResource, hiddenService, toStages, toWaves } from "../../src/spi.ts";

test("those that call end before those that they call, and what keeps their resources last", () => {
  const keeper = hiddenService("hadron.keeper", { keep: () => 1 });
  const kept = defineResource({}, { kind: "box", name: "kept", options: {}, keeper });
  const tree = service(
    "tree",
    scatter(
      2,
      scatter(
        2,
        () => 1,
        (replies) => replies,
      ),
      (replies) => replies,
    ),
  );
  const user = service("user", () => 1, { uses: [kept] });
  const waves = toWaves(compose("app", [user, tree]).topology);
  expect(waves.map((wave) => [...wave])).toEqual([
    ["user", "tree"],
    ["tree.leaf"],
    ["tree.leaf.leaf"],
    ["hadron.keeper"],
  ]);
  expect(toWaves(compose("app", [service("alone", () => 1)]).topology).map((wave) => [...wave])).toEqual([["alone"]]);
});

test("what prepares something starts first, with what it uses, and ends after those that it prepared for", () => {
  const server = hiddenService("hadron.server", { serve: () => 1 });
  const keeper = hiddenService("hadron.keeper", { keep: () => 1 }, { first: true, uses: [server] });
  const kept = defineResource({}, { kind: "box", name: "kept", options: {}, keeper });
  const { topology } = compose("app", [service("user", () => 1, { uses: [kept] }), service("other", () => 1)]);
  expect(topology.services.map(({ name }) => name)).toEqual(["user", "other", "hadron.keeper", "hadron.server"]);
  expect(toStages(topology).map((stage) => [...stage])).toEqual([
    ["hadron.keeper", "hadron.server"],
    ["user", "other"],
  ]);
  expect(toWaves(topology).map((wave) => [...wave])).toEqual([["user", "other"], ["hadron.keeper"], ["hadron.server"]]);
  expect(toStages(compose("app", [service("alone", () => 1)]).topology).map((stage) => [...stage])).toEqual([
    ["alone"],
  ]);
});
