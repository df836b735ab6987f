import { expect, test } from "vitest";
import { toComposeFile } from "../../../src/docker/compose/file.ts";
import { everyKind, toDesired } from "../topologies.ts";

test("a Compose file has a service for each container, names secrets, and holds none", async () => {
  const topology = everyKind();
  const text = await toComposeFile(topology, toDesired(topology).containers);
  expect(text).toMatchSnapshot();
  expect(await toComposeFile(topology, toDesired(topology).containers)).toBe(text);
});
