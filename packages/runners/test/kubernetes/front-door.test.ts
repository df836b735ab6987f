import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Program } from "@hadron/core/spi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Authority } from "../../src/shared/tls/authority.ts";
import { skip, useNamespace } from "./cluster.ts";
import { context, fixture, type Loose, runnerFor } from "./harness.ts";

const space = useNamespace();
const GROUP = "gateway.networking.k8s.io";
const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const ROUTES = `/apis/${GROUP}/v1/namespaces/${space.name}/httproutes`;

describe.skipIf(skip !== undefined)(`the front door (${skip ?? "there is a cluster"})`, { timeout: 120_000 }, () => {
  const runner = runnerFor(space.env);
  let isOurs = false;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "front-door-"));
  });
  afterAll(async () => {
    await runner.delete("door", { data: true }, context);
    if (isOurs) await send("DELETE", `${CRDS}/httproutes.${GROUP}`);
    await rm(folder, { recursive: true });
  }, 60_000);

  test("a host name is an Ingress with a certificate of the app's own, or a route of a Gateway; keys are in one Secret and nowhere else", async () => {
    const program = await fixture("front-door.ts", "door");
    const authority = await Authority.open(folder);
    const withPair = async (): Promise<Program> => {
      const { cert, key } = await authority.issue(["shop.localhost"]);
      return { ...program, secrets: { CERT: cert, KEY: key } };
    };
    const [first, second] = [await withPair(), await withPair()];
    const known = (await send("GET", `/apis/apiextensions.k8s.io/v1/customresourcedefinitions`)) as { items: Loose[] };
    if (!known.items.some(({ metadata }) => metadata.name === `httproutes.${GROUP}`)) {
      await expect(runner.plan(first, context)).rejects.toThrow(
        `The cluster knows no HTTPRoute (${GROUP}/v1), which kubernetes.ingress.gateway asks for`,
      );
      isOurs = true;
      await send("POST", CRDS, ROUTE_KIND);
      await expect
        .poll(
          () =>
            send("GET", ROUTES).then(
              () => "there",
              () => "not yet",
            ),
          { timeout: 20_000 },
        )
        .toBe("there");
    }

    const { status } = await runner.apply(first, context);
    expect(status.services.map(({ name, endpoint }) => [name, endpoint])).toEqual([
      ["web", "https://shop.example"],
      ["api", "https://api.example"],
    ]);
    const route = (await send("GET", `${ROUTES}/door-api`)) as Loose;
    expect(route.spec).toEqual({
      parentRefs: [{ namespace: "edge", name: "public" }],
      hostnames: ["api.example", "www.example"],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          backendRefs: [{ name: "door-api", port: 80 }],
        },
      ],
    });
    const own = `/namespaces/${space.name}`;
    const ingress = (await send("GET", `/apis/networking.k8s.io/v1${own}/ingresses/door-web`)) as Loose;
    expect(ingress.spec.tls).toEqual([{ hosts: ["shop.example"], secretName: "door-web-cert" }]);
    const { items } = (await send("GET", `/api/v1${own}/secrets`)) as { items: (Loose & { type: string })[] };
    expect(items.map(({ metadata, type }) => [metadata.name, type])).toEqual([["door-web-cert", "kubernetes.io/tls"]]);
    const shown = Buffer.from(items[0]?.data["tls.key"], "base64").toString();
    expect(shown).toBe(first.secrets.KEY);
    const pods = JSON.stringify(await send("GET", `/api/v1${own}/pods`));
    const maps = JSON.stringify(await send("GET", `/api/v1${own}/configmaps`));
    for (const line of shown.split("\n").filter((line) => !/^(-----.*|)$/.test(line))) {
      expect(pods).not.toContain(line);
      expect(maps).not.toContain(line);
    }

    expect((await runner.plan(first, context)).changes).toEqual([]);
    // Whoever plans without the key sees no change of it.
    expect((await runner.plan(program, context)).changes).toEqual([]);
    expect((await runner.plan(second, context)).changes).toEqual([
      {
        action: "update",
        kind: "Secret",
        name: "door-web-cert",
        because: "data.tls.crt changed, data.tls.key changed",
      },
    ]);
    const services = second.topology.services.map((service) => ({ ...service, kubernetes: {} }));
    const plain = { ...second, topology: { ...second.topology, services } };
    const { changes } = await runner.plan(plain, context);
    expect(changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`)).toEqual(
      expect.arrayContaining(["create Ingress door-api", "delete HTTPRoute door-api", "update Secret door-web-cert"]),
    );
    await runner.delete("door", { data: true }, context);
    expect(((await send("GET", ROUTES)) as { items: unknown[] }).items).toEqual([]);
  });
});

function send(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<unknown> {
  return space.api.json({
    method,
    path,
    ...(body === undefined ? {} : { body }),
    what: method,
    signal: context.signal,
  });
}

/** As much of the Gateway API's kind as a route is made of. */
const ROUTE_KIND = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: `httproutes.${GROUP}`,
    annotations: { "api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api/pull/2997" },
  },
  spec: {
    group: GROUP,
    names: { kind: "HTTPRoute", listKind: "HTTPRouteList", plural: "httproutes", singular: "httproute" },
    scope: "Namespaced",
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: toSchema({
            spec: {
              parentRefs: [{ namespace: "", name: "" }],
              hostnames: [""],
              rules: [{ matches: [{ path: { type: "", value: "" } }], backendRefs: [{ name: "", port: 0 }] }],
            },
          }),
        },
      },
    ],
  },
};

/** The schema of values like this one. */
function toSchema(value: unknown): object {
  if (Array.isArray(value)) return { type: "array", items: toSchema(value[0]) };
  if (typeof value !== "object" || value === null) return { type: typeof value === "number" ? "integer" : "string" };
  const properties = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toSchema(item)]));
  return { type: "object", properties };
}
