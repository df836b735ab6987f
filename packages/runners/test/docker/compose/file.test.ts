import { expect, test } from "vitest";
import { toComposeFile } from "../../../src/docker/compose/file.ts";
import { everyKind, toDesired } from "../topologies.ts";

test("a Compose file has a service for each container, names secrets, and holds none", async () => {
  const topology = everyKind();
  const { containers, exported } = toDesired(topology);
  const text = await toComposeFile(topology, containers, exported[0]);
  expect(text).toMatchSnapshot();
  expect(await toComposeFile(topology, containers, exported[0])).toBe(text);
});
