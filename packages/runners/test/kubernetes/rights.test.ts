import { afterAll, describe, expect, test } from "vitest";
import { OWN_KINDS, pathOf } from "../../src/kubernetes/objects/objects.ts";
import { skip, useNamespace } from "./cluster.ts";
import { rightsOfDocs, roleOfDocs } from "./docs-role.ts";
import { FaultProxy, type Seen } from "./fault-proxy.ts";
import { call, context, fixture, runnerFor } from "./harness.ts";

const space = useNamespace();
const { signal } = context;
const app = "rights";

/** What an administrator grants for what a request would not need here and now. */
const FOR_OTHERS = [
  // Clusters from 1.35 on ask for it when a port-forward is opened by WebSocket.
  "create pods/portforward",
  // Only where a replica does not come up at once.
  "list events",
];

/** What is done without where it may not be. */
const SPARE = ["list httproutes.gateway.networking.k8s.io"];

/** The right that the API server asks for before it does this. */
function rightsOf({ method, path, isWatch }: Seen): readonly string[] {
  const [, group = "", resource, name, part] =
    /^\/(?:api|apis\/([^/]+))\/v\d\w*\/namespaces\/[^/]+\/([^/]+)(?:\/([^/]+))?(?:\/(.+))?$/.exec(path) ?? [];
  const of = `${resource}${part === undefined ? "" : `/${part}`}${group === "" ? "" : `.${group}`}`;
  const verbs = {
    GET: [isWatch ? "watch" : name === undefined ? "list" : "get"],
    POST: ["create"],
    // What is applied may not be there yet.
    PATCH: part === undefined && resource !== "leases" ? ["patch", "create"] : ["patch"],
    DELETE: [name === undefined ? "deletecollection" : "delete"],
  }[method]!;
  return verbs.map((verb) => `${verb} ${of}`);
}

describe.skipIf(skip !== undefined)(`rights (${skip ?? "there is a cluster"})`, { timeout: 120_000 }, () => {
  afterAll(() => runnerFor(space.env).delete(app, { data: true }, context), 60_000);

  test("the Role of docs/kubernetes.md is enough for every verb, and has no right that none needs", async () => {
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${space.name}`;
    const make = (path: string, body: object) =>
      space.api.json({ method: "POST", path, body, what: "grant rights", signal });
    await make(`${rbac}/roles`, { ...roleOfDocs(), metadata: { name: "hadron" } });
    await make(`${rbac}/rolebindings`, {
      metadata: { name: "hadron" },
      subjects: [{ kind: "User", name: "ann" }],
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "hadron" },
    });
    await using proxy = await FaultProxy.start();
    proxy.as = "ann";
    const ann = runnerFor({ ...space.env, ...proxy.env }, { namespace: space.name, explicitApp: true });
    const program = (secret: string) =>
      fixture("rights.ts", app).then((one) => ({ ...one, secrets: { RIGHTS_SECRET: secret } }));

    const { changes } = await ann.plan(await program("a"), context);
    expect(changes.length).toBeGreaterThan(10);
    await ann.apply(await program("a"), context);
    // Where a name is taken, it is looked whose it is: of each kind, one is nobody's for a while.
    for (const kind of OWN_KINDS) {
      const { name = "" } = changes.find((change) => change.kind === kind) ?? {};
      const giveTo = (owner: string | null) =>
        space.api.json({
          method: "PATCH",
          path: pathOf(kind, space.name, name),
          body: { metadata: { labels: { "app.kubernetes.io/managed-by": owner } } },
          type: "application/merge-patch+json",
          what: `give ${kind} ${name} away`,
          signal,
        });
      await giveTo(null);
      const refusal = `There is a ${kind} "${name}" in namespace "${space.name}", and it was not made by Hadron`;
      await expect(ann.plan(await program("a"), context)).rejects.toThrow(refusal);
      await giveTo("hadron");
    }
    // Shards are replaced by deleting their pods.
    await ann.apply(await program("b"), context);
    await ann.scale(app, "keys", 3, context);
    await ann.scale(app, "web", 1, context);
    expect(await call(ann, app, "store", "put", "k")).toBe("k");
    let lines = 0;
    for await (const _ of ann.logs(app, { service: undefined, follow: false }, context)) lines++;
    expect(lines).toBeGreaterThan(0);
    const { services } = await ann.status(app, context);
    expect(services.flatMap(({ replicas }) => replicas.filter(({ state }) => state === "ready"))).toHaveLength(5);
    expect((await ann.list(context)).map((one) => one.app)).toEqual([app]);
    // What is no longer declared is removed.
    await ann.apply(await fixture("shop-less.ts", app), context);
    expect(await ann.delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });

    const [granted, used] = [new Set(rightsOfDocs()), new Set(proxy.seen.flatMap(rightsOf))];
    expect([...used].filter((one) => !granted.has(one) && !SPARE.includes(one))).toEqual([]);
    expect([...granted].filter((one) => !used.has(one) && !FOR_OTHERS.includes(one))).toEqual([]);
  });
});
