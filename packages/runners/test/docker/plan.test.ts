import { describe, expect, test } from "vitest";
import { type DockerPlan, plan, refuseForeignApp } from "../../src/docker/plan/plan.ts";
import { asDesired, emptyWorld, everyKind, toDesired, toSeen } from "./topologies.ts";

const desired = toDesired(everyKind());
const lines = ({ changes }: DockerPlan) =>
  changes.map(({ action, kind, name, because }) => `${action} ${kind} ${name}: ${because}`);

describe("a plan", () => {
  test("creates everything on an empty engine", () => {
    expect(lines(plan(desired, emptyWorld, {}))).toMatchSnapshot();
  });

  test("changes nothing where everything is there", () => {
    const made = plan(desired, asDesired(desired), {});
    expect(made.changes).toEqual([]);
    expect([...made.services.values()].flat().map((slot) => slot.action)).toEqual(desired.containers.map(() => "keep"));
  });

  test("replaces what was made from other code, and says so", () => {
    const next = toDesired(everyKind(), { image: "cccccccccccc", revision: "fedcba987654" });
    expect(lines(plan(next, asDesired(desired), {}))).toMatchSnapshot();
  });

  test("names the aspects in which a container differs", () => {
    const topology = everyKind();
    const services = topology.services.map((one) =>
      one.name === "greet" ? { ...one, env: { COLOUR: "blue" }, capacity: { cpu: 2, memoryBytes: 1 << 28 } } : one,
    );
    const changed = lines(plan(toDesired({ ...topology, services }), asDesired(desired), {}));
    // The heap is part of how Node is started, and follows the memory.
    expect(changed).toContain("replace container shop.greet.0: code, env, resources changed");
    expect(changed.some((one) => one.includes("counter"))).toBe(false);
  });

  test("gives an ingress that runs another program or other settings, and leaves its container and exported images alone", () => {
    const world = asDesired(desired);
    const exported = { ...world, images: [...world.images, ...desired.exported] };
    const next = plan(toDesired(everyKind(), { program: "eeeeeeeeeeeeeee" }), exported, {});
    expect(lines(next)).toEqual(["update container shop.greet.ingress: its program changed"]);
    const limits = { ...everyKind().services[0]!.limits, drainMs: 1 };
    const services = everyKind().services.map((one) => (one.name === "greet" ? { ...one, limits } : one));
    expect(lines(plan(toDesired({ ...everyKind(), services }), exported, {}))).toContain(
      "update container shop.greet.ingress: its limits or its target changed",
    );
  });

  test("removes the ingress of a service that is not exposed any more, with its volume", () => {
    const services = everyKind().services.map((one) => (one.name === "greet" ? { ...one, exposed: null } : one));
    const plain = toDesired({ ...everyKind(), services });
    const volumes = plain.volumes.filter(({ role }) => role !== "ingress");
    const changed = lines(plan({ ...plain, volumes }, asDesired(desired), {}));
    expect(changed.filter((line) => line.includes("ingress"))).toEqual([
      "delete container shop.greet.ingress: no longer exposed",
      "delete volume shop.greet.ingress: no longer exposed",
    ]);
  });

  test("keeps the replicas that stay when their number changes", () => {
    const more = lines(plan(toDesired(everyKind({ greeters: 3 })), asDesired(desired), {}));
    expect(more).toEqual(["create container shop.greet.2: not on the engine"]);
    const fewer = lines(plan(desired, asDesired(toDesired(everyKind({ greeters: 3 }))), {}));
    expect(fewer).toEqual(["delete container shop.greet.2: more replicas than declared"]);
  });

  test("puts the number of shards back that scale has changed", () => {
    expect(lines(plan(desired, asDesired(desired), { counter: 5 }))).toEqual([
      "update counts shop: the number of replicas was changed by scale",
    ]);
  });

  test("starts what is stopped, and puts back what was taken off the network", () => {
    const world = asDesired(desired);
    const [stopped, away, ...rest] = world.containers;
    const containers = [{ ...stopped!, state: "exited" as const }, { ...away!, connected: false }, ...rest];
    expect(lines(plan(desired, { ...world, containers }, {}))).toEqual([
      "update container shop.greet.0: it is exited",
      "update container shop.greet.1: it was taken off the network",
    ]);
  });

  test("makes an image again that was removed behind our back, and leaves the containers alone", () => {
    const world = asDesired(desired);
    expect(lines(plan(desired, { ...world, images: world.images.slice(1) }, {}))).toEqual([
      `create image ${desired.images[0]}: not on the engine`,
    ]);
  });

  test("finishes a replacement that was interrupted: the successor takes the name over", () => {
    const next = toDesired(everyKind(), { image: "cccccccccccc", revision: "fedcba987654" });
    const world = asDesired(next);
    const spec = next.containers[0]!;
    const successor = { ...world.containers[0]!, name: `${spec.name}.fedcba98` };
    const predecessor = { ...toSeen(desired.containers[0]!, "old"), name: spec.name };
    const containers = [predecessor, successor, ...world.containers.slice(1)];
    const made = plan(next, { ...world, containers }, {});
    expect(lines(made)).toEqual([
      "update container shop.greet.0: it is still called shop.greet.0.fedcba98",
      "delete container shop.greet.0: it was replaced",
    ]);
    expect(made.services.get("greet")![0]).toMatchObject({ action: "keep", current: successor, old: [predecessor] });
  });

  test("removes what is no longer declared, and secrets of before; storage stays", () => {
    const world = asDesired(desired);
    const gone = { ...world.containers[0]!, id: "gone", name: "shop.gone.0", service: "gone" };
    const volumes = [
      ...world.volumes,
      { name: "shop.counters.secrets-00000000", role: "secrets" as const, service: "counters" },
      { name: "shop.counter.7", role: "storage" as const, service: "counter" },
    ];
    const images = [...world.images, "hadron/shop:000000000000"];
    expect(lines(plan(desired, { ...world, containers: [...world.containers, gone], volumes, images }, {}))).toEqual([
      "delete container shop.gone.0: no longer declared",
      "delete volume shop.counters.secrets-00000000: old values",
      "delete image hadron/shop:000000000000: an older version",
    ]);
  });

  test("refuses a name that somebody else's container has, and names the ways out", () => {
    const world = { ...emptyWorld, taken: new Set(["shop.greet.1"]) };
    expect(() => plan(desired, world, {})).toThrow(
      /container "shop\.greet\.1" that does not belong .* not touched.*--app=NAME/s,
    );
    expect(() => plan(desired, { ...emptyWorld, taken: new Set(["shop.hadron"]) }, {})).toThrow(
      /network "shop\.hadron"/,
    );
  });

  test("of an app that shares no service is refused, unless the app was named", () => {
    const theirs = { ...emptyWorld, containers: [{ ...asDesired(desired).containers[0]!, service: "checkout" }] };
    expect(() => refuseForeignApp(desired, theirs, false)).toThrow(
      /with checkout, none of which is in this file.*--app=NAME.*--app=shop/s,
    );
    expect(() => refuseForeignApp(desired, theirs, true)).not.toThrow();
    expect(() => refuseForeignApp(desired, asDesired(desired), false)).not.toThrow();
  });
});
