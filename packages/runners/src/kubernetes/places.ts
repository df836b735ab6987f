import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { RunnerPlaces } from "@hadron/core/spi";

/** See `RunnerPlaces`. */
export const summary = "pods, on the cluster of a kubeconfig";

export const flags: RunnerPlaces["flags"] = [
  { name: "namespace", value: "NAME", help: "the namespace (HADRON_NAMESPACE; else the context's)" },
  { name: "context", value: "NAME", help: "the context of your kubeconfig (HADRON_CONTEXT; else the current one)" },
  { name: "registry", value: "HOST[/PATH]", help: "where images are pushed and pulled (DOCKER_REGISTRY)" },
  { name: "base-image", value: "IMAGE", help: "what images are built on (HADRON_BASE_IMAGE; else node:24-slim)" },
  { name: "pull-secret", value: "NAME", help: "a Secret with which the cluster pulls images (HADRON_PULL_SECRET)" },
];

export const provides: RunnerPlaces["provides"] = [
  "containers",
  "storage",
  "generated-secrets",
  "ingress-tls",
  "connections",
];

export const endsWithCommand = false;

/** A cluster is there where a kubeconfig is, or where this process itself runs in a pod. */
export const answers: RunnerPlaces["answers"] = (env) => {
  const isThere =
    Boolean(env.KUBECONFIG || env.KUBERNETES_SERVICE_HOST) || existsSync(join(env.HOME ?? homedir(), ".kube/config"));
  return isThere ? "perhaps" : "never";
};
