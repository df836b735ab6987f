import { createHash } from "node:crypto";
import type { Program } from "@hadron/core/spi";
import type { Layout } from "../layout/index.ts";

/**
 * The name of a version of an app, the same under every runner: 12 hexadecimal digits of the hash of its layout, its
 * topology and which run() of the file it is, and of its captured values but those that are secret.
 */
export function revisionOf(
  { hash, runCall, captured }: Pick<Program, "hash" | "runCall" | "captured">,
  layout: Pick<Layout, "hash">,
): string {
  const made = `${layout.hash} ${hash} ${runCall}${captured === undefined ? "" : ` ${captured}`}`;
  return createHash("sha256").update(made).digest("hex").slice(0, 12);
}
