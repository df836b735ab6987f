import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createAuthenticator } from "../../src/kubernetes/api/credentials.ts";
import { findTarget } from "../../src/kubernetes/api/kube-config.ts";

const folder = mkdtempSync(join(tmpdir(), "hadron-kube-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
writeFileSync(join(folder, "ca.crt"), "CA");
const first = file(
  "first",
  `apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c1
  cluster: {server: "https://one.example:6443/", certificate-authority: ca.crt, tls-server-name: inner, proxy-url: "http://proxy:1"}
contexts:
- name: one
  context: {cluster: c1, user: u1, namespace: team}
- name: two
  context: {cluster: c2, user: u2}
users:
- name: u1
  user: {client-certificate-data: ${Buffer.from("CERT").toString("base64")}, client-key-data: ${Buffer.from("KEY").toString("base64")}}
`,
);
const second = file(
  "second",
  `current-context: two
clusters: [{name: c2, cluster: {server: "http://two.example"}}]
users: [{name: u2, user: {token: t0ken}}]
`,
);
const find = (env: Record<string, string>, context?: string, namespace?: string) =>
  findTarget({ env, context, namespace });

test("reads the current context, files relative to the kubeconfig", () => {
  expect(find({ KUBECONFIG: first })).toMatchObject({
    context: "one",
    server: "https://one.example:6443",
    namespace: "team",
    proxyUrl: "http://proxy:1",
    tls: {
      ca: Buffer.from("CA"),
      cert: Buffer.from("CERT"),
      key: Buffer.from("KEY"),
      servername: "inner",
      insecure: false,
    },
  });
});

test("joins several files, the first that names a context counts", async () => {
  const target = find({ KUBECONFIG: `${first}${delimiter}${second}` }, "two", "mine");
  expect(target).toMatchObject({ server: "http://two.example", namespace: "mine" });
  expect((await createAuthenticator(target)()).headers).toEqual({ Authorization: "Bearer t0ken" });
  expect(find({ KUBECONFIG: `${second}${delimiter}${first}` })).toMatchObject({ context: "two", namespace: "default" });
});

test("says what there is where the context is not", () => {
  expect(() => find({ KUBECONFIG: first }, "three")).toThrow(
    /There is no context "three" in .*first; there are: one, two/,
  );
});

test("says where it has looked where there is no kubeconfig, or one that is no YAML", () => {
  expect(() => find({ HOME: folder })).toThrow(
    /No Kubernetes cluster is configured: there is no .*\.kube\/config\. Set KUBECONFIG/,
  );
  expect(() => find({ KUBECONFIG: file("broken", "a: [") })).toThrow(/broken is not YAML/);
});

test("in a pod without a token it says what to set", () => {
  const env = { HOME: folder, KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };
  expect(() => find(env)).toThrow(
    /runs in a pod whose service account has no token .* set automountServiceAccountToken, or KUBECONFIG/,
  );
});

test("gets a token from an exec plugin, once", async () => {
  const plugin = file(
    "plugin",
    `#!/bin/sh\necho run >> ${folder}/runs\necho '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"fresh"}}'\n`,
  );
  chmodSync(plugin, 0o755);
  const config = file(
    "exec",
    `current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: "https://x"}}]\nusers: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ${plugin}}}}]\n`,
  );
  const authenticate = createAuthenticator(find({ KUBECONFIG: config }));
  expect((await authenticate()).headers).toEqual({ Authorization: "Bearer fresh" });
  await authenticate();
  const { readFileSync } = await import("node:fs");
  expect(readFileSync(join(folder, "runs"), "utf8")).toBe("run\n");
});

test("an exec plugin that fails is named", async () => {
  const config = file(
    "bad-exec",
    `current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: "https://x"}}]\nusers: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: /nonexistent/plugin}}}]\n`,
  );
  await expect(createAuthenticator(find({ KUBECONFIG: config }))()).rejects.toThrow(
    /The command "\/nonexistent\/plugin", which the user "u" .* failed/,
  );
});
