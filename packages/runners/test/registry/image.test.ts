import { describe, expect, test } from "vitest";
import { pushImage } from "../../src/registry/image.ts";
import { sha256 } from "../../src/registry/layer.ts";
import { FakeRegistry } from "./fake-registry.ts";

const { signal } = new AbortController();
const options = { credentials: async () => undefined, signal, step: () => {} };
const config = {
  command: ["node", "/app/app.mjs"],
  workingDirectory: "/app/files",
  user: "1000:1000",
  labels: { "dev.hadron.app": "a" },
};
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const LAYER = Buffer.from("a layer of the base");

/** Puts a base image into a registry. */
function addBase(registry: FakeRegistry, tag: string, architecture = "amd64"): { digest: string; size: number } {
  const layer = registry.addBlob("library/node", LAYER);
  const image = registry.addBlob(
    "library/node",
    Buffer.from(
      JSON.stringify({
        architecture,
        os: "linux",
        config: { Env: ["PATH=/bin"], Entrypoint: ["docker-entrypoint.sh"] },
        rootfs: { type: "layers", diff_ids: ["sha256:base"] },
      }),
    ),
  );
  return registry.addManifest("library/node", tag, DOCKER, {
    schemaVersion: 2,
    mediaType: DOCKER,
    config: { mediaType: "application/vnd.docker.container.image.v1+json", ...image },
    layers: [{ mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", ...layer }],
  });
}

/** A base image of several platforms. */
function addIndex(registry: FakeRegistry): void {
  const platform = (architecture: string, os = "linux") => ({
    mediaType: DOCKER,
    ...addBase(registry, architecture, architecture),
    platform: { os, architecture },
  });
  const type = "application/vnd.oci.image.index.v1+json";
  registry.addManifest("library/node", "24", type, {
    schemaVersion: 2,
    mediaType: type,
    manifests: [platform("amd64"), platform("arm64"), platform("s390x"), platform("unknown", "unknown")],
  });
}

const files = (text: string) => [
  [{ path: "app/node_modules/x/i.js", content: Buffer.from("x") }],
  [],
  [{ path: "app/app.mjs", content: Buffer.from(text) }],
];
const spec = (registry: FakeRegistry, text: string, from = registry) => ({
  base: `${from.name}/library/node:24`,
  target: `${registry.name}/team/a`,
  layers: files(text),
  config,
});

describe("pushing an image", () => {
  test("puts our layers on the base's, by its digest, in a form that mixes no media types", async () => {
    await using registry = await FakeRegistry.start();
    addBase(registry, "24");
    const { tagged, pushed, reference } = await pushImage(spec(registry, "one"), options);
    expect(pushed).toBe(true);
    const { type, body } = registry.manifests.get(tagged.replace(`${registry.name}/`, "").replace(/:(?=[^:]*$)/, "/"))!;
    expect(type).toBe("application/vnd.oci.image.manifest.v1+json");
    expect(reference).toBe(`${registry.name}/team/a@${sha256(body)}`);
    const manifest = JSON.parse(body.toString());
    expect(manifest.layers.map((one: any) => one.mediaType)).toEqual(
      Array(3).fill("application/vnd.oci.image.layer.v1.tar+gzip"),
    );
    expect(manifest.layers[0].digest).toBe(sha256(LAYER));
    const made = JSON.parse(registry.blobs.get(manifest.config.digest)!.toString());
    expect(made.config).toMatchObject({
      Env: ["PATH=/bin"],
      User: "1000:1000",
      Cmd: config.command,
      Entrypoint: null,
      WorkingDir: "/app/files",
    });
    expect(made.rootfs.diff_ids).toHaveLength(3);
  });

  test("an image that is there is one request", async () => {
    await using registry = await FakeRegistry.start();
    addBase(registry, "24");
    await pushImage(spec(registry, "one"), options);
    registry.seen.length = 0;
    expect((await pushImage(spec(registry, "one"), options)).pushed).toBe(false);
    expect(registry.seen).toHaveLength(1);
    expect(registry.seen[0]).toMatch(/^HEAD \/v2\/team\/a\/manifests\//);
  });

  test("of a changed line only the top layer and the configuration are sent", async () => {
    await using registry = await FakeRegistry.start();
    addBase(registry, "24");
    await pushImage(spec(registry, "one"), options);
    registry.seen.length = 0;
    await pushImage(spec(registry, "two"), options);
    expect(registry.seen.filter((one) => one.startsWith("PUT") && one.includes("/blobs/"))).toHaveLength(2);
  });

  test("is given up in the middle with the reason, and nothing of it fails by itself afterwards", async () => {
    await using registry = await FakeRegistry.start();
    addBase(registry, "24");
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    try {
      const stop = new AbortController();
      const stopping = { ...options, signal: stop.signal, step: () => stop.abort(new Error("stopped")) };
      await expect(pushImage(spec(registry, "one"), stopping)).rejects.toThrow("stopped");
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", note);
    }
  });

  test("copies the base's layers from another registry, once", async () => {
    await using there = await FakeRegistry.start();
    await using here = await FakeRegistry.start();
    addBase(there, "24");
    await pushImage(spec(here, "one", there), options);
    expect(here.blobs.get(sha256(LAYER))).toEqual(LAYER);
    here.seen.length = 0;
    there.seen.length = 0;
    await pushImage(spec(here, "two", there), options);
    expect(there.seen.filter((one) => one.includes(sha256(LAYER)))).toEqual([]);
  });

  test("a base of several platforms makes an image of those that Node is there for", async () => {
    await using registry = await FakeRegistry.start();
    addIndex(registry);
    const { tagged } = await pushImage(spec(registry, "one"), options);
    const { body } = registry.manifests.get(tagged.replace(`${registry.name}/`, "").replace(/:(?=[^:]*$)/, "/"))!;
    const { manifests } = JSON.parse(body.toString());
    expect(manifests.map((one: any) => one.platform.architecture)).toEqual(["amd64", "arm64"]);
    for (const { digest } of manifests) expect(registry.manifests.has(`team/a/${digest}`)).toBe(true);
  });

  test("and of those that its layers run on; where that is none, it fails as they do", async () => {
    await using registry = await FakeRegistry.start();
    addIndex(registry);
    const only = (wanted: string) => ({
      ...options,
      check: (architecture: string) => {
        if (architecture !== wanted) throw new Error(`not for ${architecture}`);
      },
    });
    await expect(pushImage(spec(registry, "one"), only("riscv64"))).rejects.toThrow("not for amd64");
    expect(registry.seen.filter((line) => line.startsWith("PUT"))).toEqual([]);
    const { tagged } = await pushImage(spec(registry, "one"), only("arm64"));
    const { body } = registry.manifests.get(tagged.replace(`${registry.name}/`, "").replace(/:(?=[^:]*$)/, "/"))!;
    const made = registry.blobs.get(JSON.parse(body.toString()).config.digest)!;
    expect(JSON.parse(made.toString()).architecture).toBe("arm64");
  });

  test("logs in with a token, and says how where it cannot", async () => {
    await using registry = await FakeRegistry.start({ password: "secret" });
    addBase(registry, "24");
    const known = { ...options, credentials: async () => ({ username: "ann", password: "secret" }) };
    expect((await pushImage(spec(registry, "one"), known)).pushed).toBe(true);
    const wrong = { ...options, credentials: async () => ({ username: "ann", password: "guess" }) };
    await expect(pushImage(spec(registry, "two"), wrong)).rejects.toThrow(
      /gives no token for team\/a: 401 wrong password.*docker login/,
    );
    await expect(pushImage(spec(registry, "two"), options)).rejects.toThrow(
      /wants to know who you are: run `docker login/,
    );
  });

  test("a base that is not there is named with the option that names another", async () => {
    await using registry = await FakeRegistry.start();
    await expect(pushImage(spec(registry, "one"), options)).rejects.toThrow(
      /There is no base image .*library\/node:24.*--base-image or HADRON_BASE_IMAGE/,
    );
  });

  test("a registry that does not answer is named", async () => {
    const registry = await FakeRegistry.start();
    const wanted = spec(registry, "one");
    await registry[Symbol.asyncDispose]();
    await expect(pushImage(wanted, options)).rejects.toThrow(
      /The registry at http:\/\/127\.0\.0\.1:\d+ does not answer: ECONNREFUSED/,
    );
  });
});
