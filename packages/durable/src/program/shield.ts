import { innerTime } from "@hadron/core/spi";
import { frameFor } from "../engine/frame.ts";

/**
 * Does a part of the program that a cancel shall pass by: what is awaited in it goes on.
 *
 * @example
 * await shield(async () => { await step("refund", …); await step("tell", …); });
 */
export function shield<T>(part: () => Promise<T>): Promise<T> {
  return innerTime.run(frameFor("shield").shielded(), part);
}
