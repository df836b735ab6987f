import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dockerCredentials } from "../../src/registry/credentials.ts";

const folder = mkdtempSync(join(tmpdir(), "hadron-credentials-"));
const env = { DOCKER_CONFIG: folder, PATH: `${folder}${delimiter}${process.env.PATH}` };
afterAll(() => rmSync(folder, { recursive: true }));

function config(content: unknown): void {
  writeFileSync(join(folder, "config.json"), typeof content === "string" ? content : JSON.stringify(content));
}

beforeAll(() => {
  const helper = join(folder, "docker-credential-testing");
  writeFileSync(
    helper,
    `#!/bin/sh
read server
case "$server" in
  known.example) echo '{"ServerURL":"known.example","Username":"ann","Secret":"from helper"}';;
  token.example) echo '{"ServerURL":"token.example","Username":"<token>","Secret":"refresh"}';;
  broken.example) echo 'the keychain is locked' >&2; exit 2;;
  *) echo 'credentials not found in native keychain'; exit 1;;
esac
`,
  );
  chmodSync(helper, 0o755);
});

test("finds what docker login wrote, also with a colon in the password", async () => {
  config({
    auths: {
      "r.example:5000": { auth: Buffer.from("bob:pa:ss").toString("base64") },
      "https://index.docker.io/v1/": { username: "hub", password: "x" },
    },
  });
  const find = dockerCredentials(env);
  expect(await find("r.example:5000")).toEqual({ username: "bob", password: "pa:ss" });
  expect(await find("docker.io")).toEqual({ username: "hub", password: "x" });
  expect(await find("other.example")).toBeUndefined();
});

test("asks the helper that is named for a registry, or for all", async () => {
  config({ credHelpers: { "known.example": "testing" } });
  expect(await dockerCredentials(env)("known.example")).toEqual({ username: "ann", password: "from helper" });
  config({ credsStore: "testing", auths: { "unknown.example": { auth: Buffer.from("a:b").toString("base64") } } });
  const find = dockerCredentials(env);
  expect(await find("token.example")).toEqual({ identityToken: "refresh" });
  expect(await find("unknown.example")).toEqual({ username: "a", password: "b" });
});

test("a helper that fails or is missing is named, with its words", async () => {
  config({ credsStore: "testing" });
  await expect(dockerCredentials(env)("broken.example")).rejects.toThrow(
    /docker-credential-testing failed for broken.example: the keychain is locked/,
  );
  config({ credsStore: "missing" });
  await expect(dockerCredentials(env)("x.example")).rejects.toThrow(/docker-credential-missing.*cannot be started/);
});

test("no configuration is no credentials; one that is no JSON is an error that names the file", async () => {
  expect(await dockerCredentials({ DOCKER_CONFIG: join(folder, "nowhere") })("r.example")).toBeUndefined();
  config("{");
  await expect(dockerCredentials(env)("r.example")).rejects.toThrow(/config\.json.*is not JSON/);
});
