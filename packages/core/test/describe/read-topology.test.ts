import { image, service } from "@hadron/core";
import { compose, readTopology } from "@hadron/core/spi";
import { expect, test } from "vitest";

const { topology } = compose("shop", [
  service("greet", () => "hello"),
  service("cache", image("redis:7", { port: 6379 })),
  service("job", image("busybox:1", { args: ["true"] })),
]);

test("the present form is read as it is", () => {
  expect(readTopology(JSON.stringify(topology))).toEqual(topology);
});

test("what the version before deployed is read as the present form", () => {
  const first = {
    version: 1,
    app: topology.app,
    services: topology.services.map(({ capacity, image, ...rest }) => ({
      ...rest,
      resources: capacity,
      image: image && { reference: image.reference, args: image.args, port: image.ports.main ?? null },
    })),
  };
  expect(readTopology(JSON.stringify(first))).toEqual(topology);
});

test("what a later version deployed is refused, and the message says what to do", () => {
  expect(() => readTopology(JSON.stringify({ ...topology, version: 3 }))).toThrow(
    /a topology of version 3, and this is a Hadron that knows 2: use the version that deployed it, or a newer one/,
  );
});
