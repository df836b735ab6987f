import { createServer, type IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { Registry } from "../../src/registry/registry.ts";

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

type Answer = { readonly status: number; readonly headers?: IncomingHttpHeaders; readonly body?: string };

/** A server that notes who it was told is asking. */
async function serve(
  answer: (seen: Seen) => Answer,
): Promise<AsyncDisposable & { readonly seen: Seen[]; readonly name: string }> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    await buffer(request);
    const { method = "", url = "", headers } = request;
    const asked = { method, path: url, authorization: headers.authorization };
    seen.push(asked);
    const { status, headers: more = {}, body = "" } = answer(asked);
    response.writeHead(status, more).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    seen,
    name: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const BASIC = `Basic ${Buffer.from("ann:s3cret").toString("base64")}`;
const CHALLENGE = { status: 401, headers: { "www-authenticate": 'Basic realm="registry"' } };
const asAnn = (name: string) =>
  new Registry(name, { credentials: async () => ({ username: "ann", password: "s3cret" }) });

test("a blob that lies elsewhere is read there without the registry's credentials, through several redirects", async () => {
  await using store = await serve(({ path }) =>
    path === "/first" ? { status: 307, headers: { location: "/second" } } : { status: 200, body: "the layer" },
  );
  await using registry = await serve(({ authorization }) =>
    authorization === BASIC ? { status: 307, headers: { location: `http://${store.name}/first` } } : CHALLENGE,
  );
  const body = await asAnn(registry.name).blob("team/a", "sha256:abc");
  expect((await buffer(body)).toString()).toBe("the layer");
  expect(registry.seen.map(({ authorization }) => authorization)).toEqual([undefined, BASIC]);
  expect(store.seen).toEqual([
    { method: "GET", path: "/first", authorization: undefined },
    { method: "GET", path: "/second", authorization: undefined },
  ]);
});

test("an upload that is to go elsewhere goes there without the registry's credentials", async () => {
  await using store = await serve(() => ({ status: 201 }));
  await using registry = await serve(({ authorization }) =>
    authorization === BASIC ? { status: 202, headers: { location: `http://${store.name}/put?key=k` } } : CHALLENGE,
  );
  await asAnn(registry.name).putBlob("team/a", { digest: "sha256:abc", size: 1 }, Buffer.from("x"));
  expect(store.seen).toEqual([{ method: "PUT", path: "/put?key=k&digest=sha256%3Aabc", authorization: undefined }]);
});

test("an upload to the registry itself is made by whoever may", async () => {
  await using registry = await serve(({ method, authorization }) => {
    if (authorization !== BASIC) return CHALLENGE;
    return method === "POST" ? { status: 202, headers: { location: "/v2/team/a/blobs/uploads/1" } } : { status: 201 };
  });
  await asAnn(registry.name).putBlob("team/a", { digest: "sha256:abc", size: 1 }, Buffer.from("x"));
  expect(registry.seen.at(-1)).toMatchObject({ method: "PUT", authorization: BASIC });
});
