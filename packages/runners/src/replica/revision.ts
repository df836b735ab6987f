import { createHash } from "node:crypto";
import type { Program } from "@hadron/core/spi";
import type { Bundle } from "../bundle/index.ts";

/**
 * The name of a version of an app, the same under every runner: 12 hexadecimal digits of the hash of its bundle, its
 * topology and which run() of the file it is.
 */
export function revisionOf({ hash, runCall }: Pick<Program, "hash" | "runCall">, bundle: Pick<Bundle, "hash">): string {
  return createHash("sha256").update(`${bundle.hash} ${hash} ${runCall}`).digest("hex").slice(0, 12);
}
