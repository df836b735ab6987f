import { image, service } from "@hadron/core";
import { compose } from "@hadron/core/spi";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { toComposeFile } from "../../../src/docker/compose/file.ts";
import { replicaSpec } from "../../../src/docker/containers/spec.ts";
import { everyKind, toDesired } from "../topologies.ts";

test("a Compose file has a service for each container, names secrets, and holds none", async () => {
  const topology = everyKind();
  const { containers, exported } = toDesired(topology);
  const text = await toComposeFile(topology, containers, exported[0]);
  expect(text).toMatchSnapshot();
  expect(await toComposeFile(topology, containers, exported[0])).toBe(text);
});

test("no text of a declaration is a reference in a Compose file", async () => {
  const part = image("redis:7", { args: ["pa$$word-$HOME-$(PATH)"], command: ["$A"], env: { PRICE: "$$5" } });
  const topology = compose("shop", [service("cache", part)]).topology;
  const options = { topology, topologyHash: "", revision: "1", runCall: 1, image: "x", secrets: {} };
  const spec = replicaSpec(options, topology.services[0]!, 0);
  const file = load(await toComposeFile(topology, [spec], undefined)) as { services: Record<string, object> };
  expect(file.services["cache.0"]).toMatchObject({
    command: ["pa$$$$word-$$HOME-$$(PATH)"],
    entrypoint: ["$$A"],
    environment: ["PRICE=$$$$5"],
  });
});
