import { HadronError } from "@hadron/core/spi";
import type { Condition, ObjectInfo } from "./driver.ts";

/** ABORTED where the object that is there, or is not, is another than the condition says. */
export function checkCondition(
  bucket: string,
  key: string,
  object: Pick<ObjectInfo, "etag"> | undefined,
  { ifMatch, ifNoneMatch }: Condition,
): void {
  if (ifNoneMatch !== undefined && object !== undefined) {
    throw new HadronError("ABORTED", `"${key}" of ${bucket} is there already (its etag is ${object.etag}).`);
  }
  if (ifMatch === undefined || object?.etag === ifMatch) return;
  const is = object === undefined ? "absent" : `of etag ${object.etag}`;
  throw new HadronError("ABORTED", `"${key}" of ${bucket} is ${is}, and should be of etag ${ifMatch}: read it again.`);
}
