import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { HadronError, inWords, systemCode } from "@hadron/core/spi";
import type { User as ClientUser } from "@kubernetes/client-node/dist/config_types.js";
import { load } from "js-yaml";

type Env = Readonly<Record<string, string | undefined>>;

/** A user as client-node's authenticators take one; what the kubeconfig does not say is undefined. */
export type User = { readonly [K in keyof ClientUser]: ClientUser[K] | undefined } & { readonly name: string };

/** Which cluster, as whom, in which namespace. */
export interface Target {
  /** The context's name, for messages. */
  readonly context: string;
  /** Base address of the API server. */
  readonly server: string;
  readonly namespace: string;
  readonly tls: {
    readonly ca: Buffer | undefined;
    readonly cert: Buffer | undefined;
    readonly key: Buffer | undefined;
    readonly servername: string | undefined;
    readonly insecure: boolean;
  };
  readonly proxyUrl: string | undefined;
  readonly user: User;
}

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Finds the cluster as kubectl does: `--context`, `KUBECONFIG` (several files joined), `~/.kube/config`, the service
 * account inside a pod. RUNNER_FAILED, with the places looked at, where there is none.
 *
 * Read here and not by @kubernetes/client-node's own class: importing that takes half a second, mostly for its typed API.
 */
export function findTarget(options: {
  readonly env: Env;
  readonly context: string | undefined;
  readonly namespace: string | undefined;
}): Target {
  const { env } = options;
  const paths = env.KUBECONFIG
    ? env.KUBECONFIG.split(delimiter).filter(Boolean)
    : [join(env.HOME ?? homedir(), ".kube", "config")];
  const files = paths.map(readConfig).filter((file) => file !== undefined);
  if (files.length === 0) {
    const inside = insidePod(env, options.namespace);
    if (inside !== undefined) return inside;
    throw new HadronError(
      "RUNNER_FAILED",
      `No Kubernetes cluster is configured: there is no ${paths.join(" and no ")}. Set KUBECONFIG, or make that file with your cluster's tools.`,
    );
  }
  const wanted = options.context ?? files.map(({ content }) => content["current-context"]).find(Boolean);
  const contexts = files.flatMap(({ content }) => content.contexts ?? []);
  const context = contexts.find(({ name }) => name === wanted)?.context;
  if (wanted === undefined || context === undefined) {
    const names = contexts.map(({ name }) => name);
    throw new HadronError(
      options.context === undefined ? "RUNNER_FAILED" : "WRONG_USE",
      wanted === undefined
        ? `${paths.join(", ")} names no current context. Choose one with --context: ${names.join(", ") || "there is none"}.`
        : `There is no context "${wanted}" in ${paths.join(", ")}; there are: ${names.join(", ") || "none"}.`,
    );
  }
  const cluster = files
    .flatMap(({ content, folder }) => (content.clusters ?? []).map((entry) => ({ ...entry, folder })))
    .find(({ name }) => name === context.cluster);
  const user = files
    .flatMap(({ content, folder }) => (content.users ?? []).map((entry) => ({ ...entry, folder })))
    .find(({ name }) => name === context.user);
  const { server } = cluster?.cluster ?? {};
  if (cluster?.cluster === undefined || server === undefined) {
    throw new HadronError(
      "RUNNER_FAILED",
      `The context "${wanted}" of ${paths.join(", ")} names the cluster "${context.cluster}", which has no server there.`,
    );
  }
  const of = cluster.cluster;
  const as = user?.user ?? {};
  const read = (data: string | undefined, path: string | undefined, folder: string) =>
    data !== undefined
      ? Buffer.from(data, "base64")
      : path !== undefined
        ? readFileSync(resolve(folder, path))
        : undefined;
  const userFolder = user?.folder ?? ".";
  return {
    context: wanted,
    server: server.replace(/\/+$/, ""),
    namespace: options.namespace ?? context.namespace ?? "default",
    tls: {
      ca: read(of["certificate-authority-data"], of["certificate-authority"], cluster.folder),
      cert: read(as["client-certificate-data"], as["client-certificate"], userFolder),
      key: read(as["client-key-data"], as["client-key"], userFolder),
      servername: of["tls-server-name"],
      insecure: of["insecure-skip-tls-verify"] === true,
    },
    proxyUrl: of["proxy-url"],
    user: {
      name: context.user ?? "",
      exec: as.exec,
      authProvider:
        as["auth-provider"] ?? (as.tokenFile === undefined ? undefined : tokenFile(resolve(userFolder, as.tokenFile))),
      token: as.token,
      username: as.username,
      password: as.password,
      impersonateUser: as.as,
    },
  };
}

/** A kubeconfig as it is written, as far as we read it. */
interface KubeConfigFile {
  readonly folder: string;
  readonly content: {
    readonly "current-context"?: string;
    readonly contexts?: readonly Named<"context", ContextEntry>[];
    readonly clusters?: readonly Named<"cluster", ClusterEntry>[];
    readonly users?: readonly Named<"user", UserEntry>[];
  };
}

type Named<K extends string, T> = { readonly name: string } & { readonly [key in K]?: T };

interface ContextEntry {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

interface ClusterEntry {
  readonly server?: string;
  readonly "certificate-authority-data"?: string;
  readonly "certificate-authority"?: string;
  readonly "tls-server-name"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "proxy-url"?: string;
}

interface UserEntry {
  readonly "client-certificate-data"?: string;
  readonly "client-certificate"?: string;
  readonly "client-key-data"?: string;
  readonly "client-key"?: string;
  readonly exec?: Target["user"]["exec"];
  readonly "auth-provider"?: Target["user"]["authProvider"];
  readonly tokenFile?: string;
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
  readonly as?: string;
}

function readConfig(path: string): KubeConfigFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw new HadronError("RUNNER_FAILED", `The kubeconfig ${path} cannot be read.`, { cause });
  }
  try {
    return { folder: dirname(resolve(path)), content: (load(text) ?? {}) as KubeConfigFile["content"] };
  } catch (cause) {
    throw new HadronError("RUNNER_FAILED", `The kubeconfig ${path} is not YAML: ${inWords(cause).split("\n")[0]}`, {
      cause,
    });
  }
}

/** A pod finds its cluster by its environment and its service account. */
function insidePod(env: Env, namespace: string | undefined): Target | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = env;
  if (host === undefined) return undefined;
  try {
    return {
      context: "in-cluster",
      server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
      namespace: namespace ?? readFileSync(`${ACCOUNT}/namespace`, "utf8").trim(),
      tls: {
        ca: readFileSync(`${ACCOUNT}/ca.crt`),
        cert: undefined,
        key: undefined,
        servername: undefined,
        insecure: false,
      },
      proxyUrl: undefined,
      user: { name: "service-account", authProvider: tokenFile(`${ACCOUNT}/token`) },
    };
  } catch (cause) {
    throw new HadronError(
      "RUNNER_FAILED",
      `This runs in a pod whose service account has no token at ${ACCOUNT}: set automountServiceAccountToken, or KUBECONFIG.`,
      { cause },
    );
  }
}

/** As @kubernetes/client-node's FileAuth takes it, which reads it anew when it is old. */
function tokenFile(path: string): unknown {
  return { name: "tokenFile", config: { tokenFile: path } };
}
