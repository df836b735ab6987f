import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { engineAddresses } from "../../../src/docker/engine/find.ts";
import { openEngine } from "../../../src/docker/engine/open.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "hadron-home-"));
});
afterEach(() => rm(home, { recursive: true }));

const find = (env: Record<string, string> = {}, platform = "linux") => engineAddresses({ env, home, platform });
async function write(path: string, content: unknown): Promise<void> {
  await mkdir(dirname(join(home, path)), { recursive: true });
  await writeFile(join(home, path), typeof content === "string" ? content : JSON.stringify(content));
}

describe("the engine is looked for", () => {
  test("where DOCKER_HOST says, and nowhere else", () => {
    expect(find({ DOCKER_HOST: "unix:///run/my.sock" })).toEqual([
      { kind: "unix", path: "/run/my.sock", said: "unix:///run/my.sock" },
    ]);
    expect(find({ DOCKER_HOST: "tcp://10.0.0.7" })).toMatchObject([
      { kind: "tcp", host: "10.0.0.7", port: 2375, tls: undefined },
    ]);
    expect(find({ DOCKER_HOST: "tcp://[::1]:99" })).toMatchObject([{ kind: "tcp", host: "::1", port: 99 }]);
    expect(find({ DOCKER_HOST: "ssh://ann@build.example:2222" })).toMatchObject([
      { kind: "ssh", target: "ann@build.example", port: 2222, socket: "/var/run/docker.sock" },
    ]);
    expect(find({ DOCKER_HOST: "ssh://build/run/user/1000/podman.sock" })).toMatchObject([
      { kind: "ssh", target: "build", port: undefined, socket: "/run/user/1000/podman.sock" },
    ]);
  });

  test("with the certificates that DOCKER_CERT_PATH holds", async () => {
    for (const name of ["ca", "cert", "key"]) await write(`certs/${name}.pem`, `the ${name}`);
    const env = { DOCKER_HOST: "tcp://engine:2376", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: join(home, "certs") };
    expect(find(env)).toMatchObject([
      { kind: "tcp", port: 2376, tls: { ca: "the ca", cert: "the cert", key: "the key", verify: true } },
    ]);
  });

  test("in the current context, or the one that DOCKER_CONTEXT names", async () => {
    for (const [name, Host] of [
      ["colima", "unix:///colima.sock"],
      ["far", "ssh://far"],
    ] as const) {
      const id = createHash("sha256").update(name).digest("hex");
      await write(`.docker/contexts/meta/${id}/meta.json`, { Name: name, Endpoints: { docker: { Host } } });
    }
    await write(".docker/config.json", { currentContext: "colima" });
    expect(find()).toMatchObject([{ kind: "unix", path: "/colima.sock" }]);
    expect(find({ DOCKER_CONTEXT: "far" })).toMatchObject([{ kind: "ssh", target: "far" }]);
    expect(() => find({ DOCKER_CONTEXT: "lost" })).toThrow(/context "lost" has no readable .*meta.json/);
    expect(find({ DOCKER_CONTEXT: "default" }).length).toBeGreaterThan(1);
  });

  test("else at every place that is known to hold a socket: Docker's, rootless, Colima's, OrbStack's, Podman's", () => {
    const said = find({ XDG_RUNTIME_DIR: "/run/user/7" }).map((one) => one.said);
    expect(said[0]).toBe("unix:///var/run/docker.sock");
    expect(said).toEqual(
      expect.arrayContaining([
        "unix:///run/user/7/docker.sock",
        `unix://${home}/.colima/default/docker.sock`,
        `unix://${home}/.orbstack/run/docker.sock`,
        "unix:///run/user/7/podman/podman.sock",
      ]),
    );
    expect(find({}, "win32")[0]).toMatchObject({ kind: "unix", path: "//./pipe/docker_engine" });
  });

  test("and an address that cannot be understood is refused", () => {
    for (const bad of ["nonsense", "ftp://x", "ssh://-oProxyCommand=x", "tcp://"]) {
      expect(() => find({ DOCKER_HOST: bad }), bad).toThrow(/DOCKER_HOST is .* should be like/);
    }
  });

  test("and where none answers, one message says which were tried and what to do", async () => {
    const env = { DOCKER_HOST: `unix://${home}/nobody.sock` };
    const opening = openEngine({ env, home, platform: "linux" }, new AbortController().signal);
    await expect(opening).rejects.toMatchObject({
      code: "RUNNER_FAILED",
      message: expect.stringMatching(
        /No Docker engine answers\. Tried:\n {2}unix:.*nobody\.sock \(not there\)\n.*DOCKER_HOST/,
      ),
    });
  });
});
