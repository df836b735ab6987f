import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Api } from "../../src/kubernetes/api/api.ts";
import { findTarget } from "../../src/kubernetes/api/kube-config.ts";
import { pathOf } from "../../src/kubernetes/objects/objects.ts";
import { listObjects } from "../../src/kubernetes/world/world.ts";
import { skip, useNamespace } from "./cluster.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { context } from "./harness.ts";

const { signal } = context;

/** An API server that is at that address alone, in plain HTTP. */
function apiAt(server: string): Api {
  const tls = { ca: undefined, cert: undefined, key: undefined, servername: undefined, insecure: false };
  return new Api({ context: "test", server, namespace: "default", tls, proxyUrl: undefined, user: { name: "x" } });
}

test("an answer that comes packed is unpacked; one that breaks off is asked for again", async () => {
  const packed = gzipSync(JSON.stringify({ items: Array.from({ length: 1000 }, (_, name) => ({ name })) }));
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers["accept-encoding"]);
    response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length });
    if (asked.length > 1) return void response.end(packed);
    response.write(packed.subarray(0, packed.length / 2), () => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const api = apiAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    expect((await api.json<any>({ path: "/list", what: "list", signal })).items).toHaveLength(1000);
    expect(asked).toEqual(["gzip", "gzip"]);
  } finally {
    api.close();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe.skipIf(skip !== undefined)(`long lists (${skip ?? "there is a cluster"})`, () => {
  const space = useNamespace();

  test("a list that the API server packs is read whole, by HTTP/2 and by HTTP/1.1", async () => {
    const labels = { long: "yes" };
    const text = "x".repeat(100_000);
    for (const name of ["a", "b", "c"]) {
      const body = { metadata: { name, labels }, data: { text } };
      await space.api.json({ method: "POST", path: pathOf("ConfigMap", space.name), body, what: "make it", signal });
    }
    await using proxy = await FaultProxy.start();
    const slow = new Api(findTarget({ env: proxy.env, context: undefined, namespace: space.name }));
    for (const api of [space.api, slow]) {
      const found = await listObjects(api, "ConfigMap", "long=yes", signal);
      expect(found.map(({ data }) => data?.text === text)).toEqual([true, true, true]);
    }
    slow.close();
  });
});
