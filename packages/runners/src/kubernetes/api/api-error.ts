import { HadronError, isHadronError } from "@hadron/core";

/** What the API server says of a request that failed: `kind: Status`. */
export interface ApiStatus {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: {
    readonly kind?: string;
    readonly name?: string;
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  };
}

/** What the API server answered, as the cause of a failure: its own words. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  readonly status: ApiStatus;

  constructor(status: ApiStatus) {
    super(status.message || `${status.code} ${status.reason}`.trim());
    this.status = status;
  }
}

/** The API server's own status behind an error, or undefined. */
export function statusOf(error: unknown): ApiStatus | undefined {
  return isHadronError(error) && error.cause instanceof ApiFailure ? error.cause.status : undefined;
}

export function parseStatus(code: number, text: string): ApiStatus {
  try {
    const status = JSON.parse(text) as Partial<ApiStatus>;
    return {
      code,
      reason: status.reason ?? "",
      message: status.message ?? text,
      ...(status.details === undefined ? {} : { details: status.details }),
    };
  } catch {
    return { code, reason: "", message: text.trim() }; // A proxy in between, or a kubelet: plain text.
  }
}

/** Where a request went, for messages. */
export interface Place {
  readonly context: string;
  readonly server: string;
  readonly namespace: string;
  readonly user: string;
  readonly what: string;
}

const MAY_NOT =
  /User "([^"]*)" cannot (\S+) resource "([^"]+)"(?: in API group "([^"]*)")?(?: in the namespace "([^"]+)")?/;

/** Says a failed request in words that tell what to do. */
export function toError(status: ApiStatus, place: Place): HadronError {
  return new HadronError("RUNNER_FAILED", explain(status, place), { cause: new ApiFailure(status) });
}

/** Whether it failed because there is no such namespace, or not for long any more. */
export function isNamespaceGone(error: unknown): boolean {
  const status = statusOf(error);
  if (status === undefined) return false;
  return isTerminating(status) || (status.code === 404 && status.details?.kind === "namespaces");
}

function isTerminating({ details, message }: ApiStatus): boolean {
  return (
    details?.causes?.some((cause) => cause.reason === "NamespaceTerminating") === true ||
    /because it is being terminated/.test(message)
  );
}

function explain(status: ApiStatus, { context, namespace, what, user }: Place): string {
  const { code, reason, message, details } = status;
  if (isTerminating(status)) {
    return `The namespace "${namespace}" is being deleted, and takes nothing new: wait until it is gone and make it again, or choose another with --namespace.`;
  }
  const denied = code === 403 ? MAY_NOT.exec(message) : null;
  if (denied !== null) {
    const [, who, verb, resource, group, inNamespace] = denied;
    const full = group ? `${resource}.${group}` : resource;
    const where = inNamespace === undefined ? "in the whole cluster" : `in namespace "${inNamespace}"`;
    return `"${who}" may not ${verb} ${full} ${where} (context "${context}"): ask whoever manages the cluster for that right.`;
  }
  if (/exceeded quota/.test(message))
    return `A quota of namespace "${namespace}" does not allow to ${what}: ${message}`;
  if (code === 401)
    return `The cluster of context "${context}" does not accept the credentials of "${user}": log in again, as your cluster's tools say.`;
  if (code === 404 && details?.kind === "namespaces") {
    return `There is no namespace "${details.name ?? namespace}" on the cluster of context "${context}": \`kubectl create namespace ${details.name ?? namespace}\`, or choose another with --namespace.`;
  }
  return `The cluster of context "${context}" would not ${what}: ${message || `${code} ${reason}`}`;
}
