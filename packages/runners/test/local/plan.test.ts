import type { ServiceTopology, Topology } from "@hadron/core/spi";
import { describe, expect, test } from "vitest";
import { plan } from "../../src/local/plan.ts";

const service = (name: string, more: Partial<ServiceTopology> = {}): ServiceTopology => ({
  name,
  pattern: null,
  procedures: [name],
  idempotent: [],
  replicas: 1,
  sharded: false,
  groups: 1,
  children: [],
  exposed: null,
  capacity: { cpu: 1, memoryBytes: 1 },
  limits: { concurrency: 1, inputBytes: 1, outputBytes: 1, drainMs: 1 },
  env: {},
  secrets: [],
  files: [],
  storage: null,
  image: null,
  ...more,
});
const topology = (...services: ServiceTopology[]): Topology => ({ version: 2, app: "app", services });
const world = (declared: Topology, counts: Record<string, number> = {}) => ({
  layoutHash: "h1",
  topology: declared,
  counts: { ...Object.fromEntries(declared.services.map((one) => [one.name, one.replicas])), ...counts },
});

describe("plan", () => {
  const app = topology(service("a"), service("b", { replicas: 2 }));

  test("creates everything where nothing runs", () => {
    expect(plan(app, undefined, undefined).map((one) => `${one.action} ${one.name}`)).toEqual([
      "create a.0",
      "create b.0",
      "create b.1",
    ]);
  });

  test("does nothing where all is as declared", () => {
    expect(plan(app, { layoutHash: "h1", captured: undefined }, world(app))).toEqual([]);
  });

  test("replaces every replica where the code changed", () => {
    expect(plan(app, { layoutHash: "h2", captured: undefined }, world(app))).toEqual(
      ["a.0", "b.0", "b.1"].map((name) => ({ action: "replace", kind: "process", name, because: "code changed" })),
    );
  });

  test("names the fields that differ, and replaces the others, too: each replica holds the whole topology", () => {
    const changed = topology(service("a", { env: { X: "1" } }), service("b", { replicas: 2 }));
    expect(
      plan(changed, { layoutHash: "h1", captured: undefined }, world(app)).map((one) => `${one.name}: ${one.because}`),
    ).toEqual(["a.0: env changed", "b.0: another service changed", "b.1: another service changed"]);
  });

  test("puts back what was scaled, up and down", () => {
    const because = (running: number) => ({ kind: "process", because: `2 declared, ${running} running` });
    expect(plan(app, { layoutHash: "h1", captured: undefined }, world(app, { b: 3 }))).toEqual([
      { action: "delete", name: "b.2", ...because(3) },
    ]);
    expect(plan(app, { layoutHash: "h1", captured: undefined }, world(app, { b: 1 }))).toEqual([
      { action: "create", name: "b.1", ...because(1) },
    ]);
  });

  test("creates new services and deletes old ones", () => {
    expect(
      plan(topology(service("a"), service("c")), { layoutHash: "h1", captured: undefined }, world(app)).map(
        (one) => `${one.action} ${one.name}`,
      ),
    ).toEqual(["replace a.0", "create c.0", "delete b.0", "delete b.1"]);
  });
});
