import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll } from "vitest";
import { Api } from "../../src/kubernetes/api/api.ts";
import { statusOf } from "../../src/kubernetes/api/api-error.ts";
import { findTarget } from "../../src/kubernetes/api/kube-config.ts";

const { signal } = new AbortController();

/** Why there is no cluster to test against; undefined where there is one. */
export const skip: string | undefined = await whyNot();

async function whyNot(): Promise<string | undefined> {
  if (!process.env.DOCKER_REGISTRY) return "no registry: DOCKER_REGISTRY is not set";
  try {
    const api = new Api(findTarget({ env: process.env, context: undefined, namespace: undefined }));
    await api.json({ path: "/version", what: "read the version", signal: AbortSignal.timeout(5000) });
    api.close();
    return undefined;
  } catch (error) {
    return `no cluster: ${(error as Error).message}`;
  }
}

/** The cluster's nodes, and which of them this machine is: its processes and files are theirs. */
export const nodes: readonly { readonly name: string; readonly isHere: boolean }[] =
  skip === undefined ? await listNodes() : [];

async function listNodes(): Promise<typeof nodes> {
  const api = new Api(findTarget({ env: process.env, context: undefined, namespace: undefined }));
  const { items } = await api.json<any>({ path: "/api/v1/nodes", what: "list nodes", signal });
  api.close();
  const bootId = process.platform === "linux" ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() : "";
  return items.map(({ metadata, status }: any) => ({
    name: metadata.name,
    isHere: status.nodeInfo.bootID === bootId,
  }));
}

/** A namespace of the test file's own, from before its first test until after its last. */
export function useNamespace(options: { readonly labels?: Readonly<Record<string, string>> } = {}): {
  readonly name: string;
  readonly env: Record<string, string>;
  api: Api;
} {
  const name = `hadron-test-${randomBytes(4).toString("hex")}`;
  const api =
    skip === undefined
      ? new Api(findTarget({ env: process.env, context: undefined, namespace: name }))
      : (undefined as unknown as Api);
  if (skip === undefined) {
    beforeAll(async () => {
      const body = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: options.labels ?? {} } };
      await api.json({ method: "POST", path: "/api/v1/namespaces", body, what: "make a namespace", signal });
    });
    afterAll(async () => {
      await removeNamespace(api, name);
      api.close();
    });
  }
  return { name, env: { ...(process.env as Record<string, string>), HADRON_NAMESPACE: name }, api };
}

export async function removeNamespace(api: Api, name: string): Promise<void> {
  try {
    await api.json({ method: "DELETE", path: `/api/v1/namespaces/${name}`, what: "delete a namespace", signal });
  } catch (error) {
    if (statusOf(error)?.code !== 404) throw error;
  }
}
