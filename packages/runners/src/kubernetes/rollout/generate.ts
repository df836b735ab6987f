import { randomBytes } from "node:crypto";
import { own, type Topology } from "@hadron/core/spi";
import type { Api } from "../api/api.ts";
import { statusOf } from "../api/api-error.ts";
import { checkNotTaken, readObject } from "../api/send.ts";
import { withSaid } from "../declared/said.ts";
import { toGeneratedSecret } from "../manifests/secrets.ts";
import { MANAGER } from "../objects/labels.ts";
import { pathOf, type Secret } from "../objects/objects.ts";

const BYTES = 32;

/**
 * Makes secrets that have none yet, and leaves those that are there as they are: what they open was made with them. Of two
 * who do so at once, the second finds what the first has made.
 */
export async function makeSecrets(
  api: Api,
  topology: Topology,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (names.length === 0) return;
  const { app } = topology;
  const values = Object.fromEntries(names.map((name) => [name, makeValue()]));
  const wanted = withSaid(toGeneratedSecret(app, values), topology);
  const { name } = wanted.metadata;
  for (;;) {
    const live = await readObject(api, "Secret", name, signal);
    if (live !== undefined) await checkNotTaken(api, app, wanted, signal);
    if (live === undefined ? await create(api, wanted, signal) : await complete(api, wanted, live, signal)) return;
  }
}

/** 256 bits, of characters that need no quotes in a URL, a shell or a configuration file. */
function makeValue(): string {
  return randomBytes(BYTES).toString("base64url");
}

/** False where somebody else was faster. */
async function create(api: Api, wanted: Secret, signal: AbortSignal): Promise<boolean> {
  try {
    await api.json({
      method: "POST",
      path: pathOf("Secret", api.namespace),
      query: { fieldManager: MANAGER },
      body: wanted,
      what: `create Secret "${wanted.metadata.name}"`,
      signal,
    });
    return true;
  } catch (error) {
    if (statusOf(error)?.reason === "AlreadyExists") return false;
    throw error;
  }
}

/** Adds what is not there to the Secret as it was seen; false where it has changed since. */
async function complete(api: Api, wanted: Secret, live: Secret, signal: AbortSignal): Promise<boolean> {
  const data = Object.fromEntries(
    Object.entries(wanted.data ?? {}).filter(([name]) => own(live.data, name) === undefined),
  );
  if (Object.keys(data).length === 0) return true;
  const { name, resourceVersion } = live.metadata;
  try {
    await api.json({
      method: "PATCH",
      path: pathOf("Secret", api.namespace, name),
      query: { fieldManager: MANAGER },
      body: { metadata: { resourceVersion }, data },
      type: "application/merge-patch+json",
      what: `add to Secret "${name}"`,
      signal,
    });
    return true;
  } catch (error) {
    if (statusOf(error)?.code === 409) return false;
    throw error;
  }
}
