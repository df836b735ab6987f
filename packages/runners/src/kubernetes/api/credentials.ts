import type { RequestOptions } from "node:https";
import { HadronError, inWords } from "@hadron/core/spi";
import type { Target } from "./kube-config.ts";

/** What a request or a WebSocket needs so that the API server knows who asks. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** From an exec plugin; else what the kubeconfig says. */
  readonly cert: Buffer | string | undefined;
  readonly key: Buffer | string | undefined;
}

interface Authenticator {
  applyAuthentication(user: any, options: RequestOptions): Promise<void>;
}

/**
 * Makes credentials of the kubeconfig's user. Plugins and providers are those of @kubernetes/client-node, each loaded only
 * where the kubeconfig asks for it; they keep a token until it expires. RUNNER_FAILED where one fails.
 */
export function createAuthenticator(target: Target): () => Promise<Credentials> {
  const { user, tls } = target;
  let authenticator: Promise<Authenticator | undefined> | undefined;
  return async () => {
    authenticator ??= load(user);
    const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
    try {
      await (await authenticator)?.applyAuthentication(user, options);
    } catch (cause) {
      const command = user.exec?.command;
      const what = command === undefined ? `provider "${user.authProvider?.name}"` : `command "${command}"`;
      throw new HadronError(
        "RUNNER_FAILED",
        `The ${what}, which the user "${user.name}" of your kubeconfig gets credentials from, failed: ${inWords(cause)}`,
        { cause },
      );
    }
    const { headers } = options;
    if (headers.Authorization === undefined && user.token !== undefined) headers.Authorization = `Bearer ${user.token}`;
    if (headers.Authorization === undefined && user.username !== undefined) {
      headers.Authorization = `Basic ${Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64")}`;
    }
    if (user.impersonateUser !== undefined) headers["Impersonate-User"] = user.impersonateUser;
    return {
      headers,
      cert: (options.cert as string | undefined) ?? tls.cert,
      key: (options.key as string | undefined) ?? tls.key,
    };
  };
}

async function load({ exec, authProvider }: Target["user"]): Promise<Authenticator | undefined> {
  if (exec !== undefined || authProvider?.config?.exec !== undefined) {
    return new (await import("@kubernetes/client-node/dist/exec_auth.js")).ExecAuth();
  }
  switch (authProvider?.name) {
    case undefined:
      return undefined;
    case "tokenFile":
      return new (await import("@kubernetes/client-node/dist/file_auth.js")).FileAuth();
    case "oidc":
      return new (await import("@kubernetes/client-node/dist/oidc_auth.js")).OpenIDConnectAuth();
    case "gcp":
      return new (await import("@kubernetes/client-node/dist/gcp_auth.js")).GoogleCloudPlatformAuth();
    case "azure":
      return new (await import("@kubernetes/client-node/dist/azure_auth.js")).AzureAuth();
    default:
      throw new HadronError(
        "RUNNER_FAILED",
        `The kubeconfig asks for the auth provider "${authProvider.name}", which is not known here; use an exec plugin.`,
      );
  }
}
