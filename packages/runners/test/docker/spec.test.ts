import { describe, expect, test } from "vitest";
import { differences } from "../../src/docker/containers/finish.ts";
import { replicaSpec } from "../../src/docker/containers/spec.ts";
import { everyKind, toDesired } from "./topologies.ts";

const desired = toDesired(everyKind());
const of = (name: string) => desired.containers.find((one) => one.name === name)!;

describe("a container", () => {
  test("of each kind is asked for as the engine wants it", () => {
    const some = ["shop.greet.0", "shop.greet.ingress", "shop.counters.0", "shop.counter.1", "shop.cache.0"].map(of);
    expect(
      some.map(({ name, aliases, exclusive, payload }) => ({ name, aliases, exclusive, payload })),
    ).toMatchSnapshot();
  });

  test("of our own code cannot do more than run: no root, no new rights, nothing to write but /tmp", () => {
    for (const { payload } of desired.containers.filter((one) => one.role !== "image")) {
      expect(payload).toMatchObject({
        User: "1000:1000",
        HostConfig: { ReadonlyRootfs: true, CapDrop: ["ALL"], SecurityOpt: ["no-new-privileges:true"], Init: true },
      });
      expect(payload).not.toHaveProperty("Healthcheck");
    }
  });

  test("publishes nothing unless its service is exposed, and then on 127.0.0.1", () => {
    const bindings = desired.containers.map(({ name, payload }) => [name, (payload.HostConfig as any).PortBindings]);
    expect(Object.fromEntries(bindings)).toEqual({
      "shop.greet.0": {},
      "shop.greet.1": {},
      "shop.greet.ingress": { "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: "3000" }] },
      "shop.counters.0": { "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] },
      "shop.counter.0": {},
      "shop.counter.1": {},
      "shop.cache.0": {},
    });
  });

  test("has secrets in neither its environment nor its labels, only the way to them", () => {
    const { payload } = of("shop.counters.0");
    expect(payload.Env).toContain("HADRON_SECRETS_FILE=/run/hadron-secrets/secrets.json");
    expect(JSON.stringify(payload)).not.toContain("TOKEN");
  });

  test("has the same signature whatever its number and revision, so that scale can make more of it", () => {
    const topology = everyKind();
    const options = { topology, topologyHash: "x", runCall: 1, image: "hadron/shop:aaaaaaaaaaaa", secrets: {} };
    for (const service of topology.services) {
      const [a, b] = [
        replicaSpec({ ...options, revision: "a" }, service, 0),
        replicaSpec({ ...options, revision: "b" }, service, 7),
      ];
      expect(a.spec).toBe(b.spec);
    }
  });
});

describe("differences", () => {
  test("names each aspect whose hash differs", () => {
    expect(differences("image=1 env=2", "image=1 env=2")).toEqual([]);
    expect(differences("image=1 env=2", "image=3 env=2 ports=4")).toEqual(["image", "ports"]);
    expect(differences(undefined, "image=1")).toEqual(["image"]);
  });
});
