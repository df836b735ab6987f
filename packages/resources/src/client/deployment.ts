import { createHash } from "node:crypto";
import { HadronError } from "@hadron/core/spi";

/** The generated secret that a deployment has for a name: made at its first `up`, and kept with its engine, cluster or folder. */
export const DEPLOYMENT = "DEPLOYMENT_ID";

/** Who writes into what several deployments can reach, such as a server that runs elsewhere. */
export interface Deployment {
  /** Unlike that of any other deployment, also of an app of the same name. */
  readonly id: string;
  /** Takes over what another one has kept: `--adopt`. */
  readonly adopt: boolean;
}

/** The one that this replica belongs to. */
export function thisDeployment(adopt: boolean): Deployment {
  const secret = process.env[DEPLOYMENT] ?? "";
  return { id: createHash("sha256").update(`deployment ${secret}`).digest("hex").slice(0, 16), adopt };
}

/** FAILED_PRECONDITION where what is kept is somebody else's. */
export function checkDeployment(what: string, kept: string, { id, adopt }: Deployment): void {
  if (kept === id || adopt) return;
  throw new HadronError(
    "FAILED_PRECONDITION",
    `${what} belongs to another deployment of an app of this name (${kept}; this one is ${id}): each would write over what the other keeps. ` +
      "Give this app another name (--app); or, where that deployment is gone for good, take over what it kept: up --adopt.",
  );
}
