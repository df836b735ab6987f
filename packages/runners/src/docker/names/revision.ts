import { createHash } from "node:crypto";
import type { Program } from "@hadron/core/spi";
import type { Bundle } from "../../bundle/index.ts";

/** The name of a version of an app: 12 hexadecimal digits of the hash of its bundle and topology. */
export function revisionOf(program: Program, bundle: Bundle): string {
  return createHash("sha256").update(`${bundle.hash} ${program.hash}`).digest("hex").slice(0, 12);
}
